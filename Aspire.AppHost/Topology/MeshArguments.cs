namespace InferMesh.AppHost.Topology;

/// <summary>Checks the command line before configuration reads it, which would pass over what it does not understand.</summary>
internal static class MeshArguments
{
    private static readonly string[] Prefixes = [$"--{MeshSettings.Section}:", "--ConnectionStrings:"];

    public static bool AsksForHelp(IReadOnlyList<string> args) => args.Any(a => a is "--help" or "-h" or "-?");

    public static IReadOnlyList<string> Check(IReadOnlyList<string> args)
    {
        var errors = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            var arg = args[i];
            var hasValue = arg.Contains('=');
            if (!Prefixes.Any(p => arg.StartsWith(p, StringComparison.OrdinalIgnoreCase)))
                errors.Add($"'{arg}' is not understood: settings look like --{MeshSettings.Section}:Silos=3 (--help lists them)");
            else if (!hasValue && (i + 1 == args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal)))
                errors.Add($"{arg} has no value: write {arg}=...");
            else if (!hasValue)
                i++;
        }

        return errors;
    }
}
