using InferMesh.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;

namespace InferMesh.ServiceDefaults.Configuration;

/// <summary>
/// A folder with one file per secret, as Docker and Kubernetes mount them: the file <c>ConnectionStrings__meshdb</c> holds the value of
/// <c>ConnectionStrings:meshdb</c>. Blanks and line ends around a value are not part of it.
/// </summary>
internal sealed class SecretFiles(string path) : MountedProvider(path)
{
    private const int MaxBytes = 64 << 10;

    protected override Dictionary<string, string?> Read()
    {
        try
        {
            var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
            // Kubernetes keeps its own folders and links there, whose names begin with a dot.
            foreach (var file in new DirectoryInfo(Path).EnumerateFiles().Where(file => !file.Name.StartsWith('.')))
                settings[file.Name.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal)] = Value(file.FullName);
            return settings;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The folder of secrets {Path} cannot be read: {e.Message}", ExitCodes.BadConfiguration);
        }
    }

    private static string Value(string file)
    {
        using var stream = File.OpenRead(file);
        return stream.Length <= MaxBytes
            ? new StreamReader(stream).ReadToEnd().Trim()
            : throw new IOException($"{file} is larger than {MaxBytes} bytes, which no secret is");
    }
}
