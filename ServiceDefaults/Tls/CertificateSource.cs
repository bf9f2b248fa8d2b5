using InferMesh.ServiceDefaults.Hosting;

namespace InferMesh.ServiceDefaults.Tls;

/// <summary>The certificates that serve now: a volatile read, swapped as a whole when their files change.</summary>
public sealed class CertificateSource
{
    private readonly CertificateFiles _files;
    private readonly TimeProvider _time;
    private volatile CertificateSet _current;
    private string _seen;

    /// <summary>Reads the files.</summary>
    /// <param name="name">Name in logs and metrics.</param>
    /// <param name="files">The files.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="StartupException">A file is missing or broken.</exception>
    public CertificateSource(string name, CertificateFiles files, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(time);
        (Name, _files, _time) = (name, files, time);
        try
        {
            var texts = files.Read();
            (_current, _seen) = (files.Parse(texts, time.GetUtcNow()), texts.Fingerprint);
        }
        catch (CertificateFileException e)
        {
            throw new StartupException(e.Message, ExitCodes.BadConfiguration);
        }
    }

    /// <summary>Name in logs and metrics.</summary>
    public string Name { get; }

    internal CertificateSet Current => _current;

    /// <summary>Raised after a swap, on the thread that looked.</summary>
    internal event Action? Changed;

    /// <summary>Looks at the files; not to be called by two threads at once.</summary>
    /// <returns>Whether new ones serve now.</returns>
    /// <exception cref="CertificateFileException">There is something new, and it is broken: the old ones serve on. Thrown once for each content.</exception>
    internal bool Reload()
    {
        CertificateTexts texts;
        try
        {
            texts = _files.Read();
        }
        catch (CertificateFileException e) when (_seen != e.Message)
        {
            _seen = e.Message;
            throw;
        }
        catch (CertificateFileException)
        {
            return false;
        }
        if (texts.Fingerprint == _seen)
            return false;
        _seen = texts.Fingerprint;
        _current = _files.Parse(texts, _time.GetUtcNow());
        Changed?.Invoke();
        return true;
    }
}
