using InferMesh.SupplyChain;

// sbom FILE | licences FILE: writes what the restored packages are. Run in the folder of the solution; `make sbom`, `make licences`.
if (args is not [("sbom" or "licences") and var what, var file])
{
    Console.Error.WriteLine("Usage: sbom FILE | licences FILE");
    return 2;
}

try
{
    var (solution, policy) = (Solution.Read(Environment.CurrentDirectory), LicencePolicy.Read(Environment.CurrentDirectory));
    var version = typeof(Solution).Assembly.GetName().Version!.ToString(3);
    if (Path.GetDirectoryName(file) is { Length: > 0 } folder)
        Directory.CreateDirectory(folder);
    File.WriteAllText(file, what == "sbom" ? CycloneDx.Of(solution, policy, version) : LicencePage.Of(solution, policy));
    Console.WriteLine($"{file}: {solution.Projects.Count} projects, {solution.Packages.Count} packages, {solution.Packages.Count(package => package.Shipped)} of them in the programs");
    if (policy.Violations(solution.Packages) is not { Count: > 0 } violations)
        return 0;
    Console.Error.WriteLine("Licences that are not allowed (eng/licences.json):\n  " + string.Join("\n  ", violations));
    return 1;
}
catch (Exception e) when (e is InvalidOperationException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
