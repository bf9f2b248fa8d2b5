namespace InferMesh.Cli.DevCerts;

/// <summary>A folder of certificates (<c>NAME.pem</c>) and keys (<c>NAME-key.pem</c>, for their owner's eyes only). Each file is swapped as a whole: processes watch them.</summary>
internal sealed class PemFolder(string path)
{
    public string CertificatePath(string name) => Path.Combine(path, $"{name}.pem");

    public string KeyPath(string name) => Path.Combine(path, $"{name}-key.pem");

    public bool Has(string name) => File.Exists(CertificatePath(name)) || File.Exists(KeyPath(name));

    public PemPair Read(string name) => new(File.ReadAllText(CertificatePath(name)), File.ReadAllText(KeyPath(name)));

    public void Write(string name, PemPair pair)
    {
        Directory.CreateDirectory(path);
        Replace(KeyPath(name), pair.Key, secret: true);
        Replace(CertificatePath(name), pair.Certificate + "\n", secret: false);
    }

    private static void Replace(string file, string text, bool secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (secret ? UnixFileMode.None : UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var temporary = $"{file}.{Environment.ProcessId}.tmp";
        using (var writer = new StreamWriter(temporary, options))
            writer.Write(text);
        File.Move(temporary, file, overwrite: true);
    }
}
