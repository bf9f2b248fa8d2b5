namespace InferMesh.SupplyChain;

/// <summary>One version of a package that some project of the solution restores.</summary>
/// <param name="Id">Its name, as the registry spells it.</param>
/// <param name="Version">Its version.</param>
/// <param name="Sha512">Hash of the package file, in hexadecimal digits.</param>
/// <param name="Dependencies">Keys of the packages that it brings along.</param>
/// <param name="Nuspec">What it says of itself.</param>
internal sealed record Package(string Id, string Version, string Sha512, IReadOnlyList<string> Dependencies, Nuspec Nuspec)
{
    /// <summary>Name and version: what tells packages apart.</summary>
    public string Key => $"{Id}/{Version}";

    /// <summary>Registry that it is from: <c>nuget</c> or <c>npm</c>.</summary>
    public string Registry { get; init; } = "nuget";

    /// <summary>Whether a program of ours brings it along, rather than only its build or its tests.</summary>
    public bool Shipped { get; init; }
}

/// <summary>One project of the solution.</summary>
/// <param name="Name">Its name, <c>Silo</c>.</param>
/// <param name="IsTest">Whether it is for tests only.</param>
/// <param name="References">Names of the projects that it references.</param>
/// <param name="Packages">Keys of the packages that it asks for by itself and passes on.</param>
/// <param name="BuildPackages">Keys of those that only its build uses.</param>
internal sealed record SolutionProject(string Name, bool IsTest, IReadOnlyList<string> References, IReadOnlyList<string> Packages, IReadOnlyList<string> BuildPackages);
