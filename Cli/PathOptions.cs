using System.CommandLine;

namespace InferMesh.Cli;

/// <summary>Options that name files and folders.</summary>
internal static class PathOptions
{
    /// <summary>Refuses an empty name, such as that of a variable which is not set.</summary>
    public static Option<T> NotEmpty<T>(this Option<T> option)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(static t => t.Value.Length == 0)) result.AddError($"{option.Name} must not be empty");
        });
        return option;
    }
}
