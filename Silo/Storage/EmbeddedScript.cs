namespace InferMesh.Silo.Storage;

/// <summary>The SQL that ships inside the silo.</summary>
internal static class EmbeddedScript
{
    public static string Read(string fileName)
    {
        using var stream = typeof(EmbeddedScript).Assembly.GetManifestResourceStream(fileName)
            ?? throw new InvalidOperationException($"The script {fileName} is not embedded in the silo.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
