namespace InferMesh.Simulator.Configuration.Validation;

/// <summary>A file that a configuration names: whether it is there and can be read as what it must be.</summary>
internal static class FileCheck
{
    /// <summary>Checks a file.</summary>
    /// <param name="path">As configured.</param>
    /// <param name="key">Path of the key.</param>
    /// <param name="findings">Where problems go.</param>
    /// <param name="read">Reads the file; returns what is wrong, or null.</param>
    public static void Check(string? path, string key, Findings findings, Func<string, string?>? read)
    {
        if (string.IsNullOrWhiteSpace(path)) findings.Add(key, "is missing");
        else if (ConfigFile.Resolve(path) is not { } file) findings.Add(key, $"'{path}' begins with an environment variable that is not set");
        else if (!File.Exists(file)) findings.Add(key, $"'{file}' is no file that can be read");
        else if (read is not null && Problem(read, file) is { } problem) findings.Add(key, $"'{file}' {problem}");
    }

    private static string? Problem(Func<string, string?> read, string file)
    {
        try
        {
            return read(file);
        }
        catch (Exception exception) when (exception is FormatException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return $"cannot be used: {exception.Message}";
        }
    }
}
