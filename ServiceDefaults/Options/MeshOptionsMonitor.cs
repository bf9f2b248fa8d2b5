using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace InferMesh.ServiceDefaults.Options;

/// <summary>The current settings of one class: a reload that is wrong is logged in one line and the last good settings stay.</summary>
internal sealed partial class MeshOptionsMonitor<T> : IOptionsMonitor<T>, IOptions<T>, IDisposable
    where T : class, new()
{
    private readonly IConfiguration _configuration;
    private readonly string _path;
    private readonly IReadOnlyList<IValidateOptions<T>> _validators;
    private readonly ILogger<MeshOptionsMonitor<T>> _logger;
    private readonly IDisposable _subscription;
    private readonly Lock _gate = new();
    private Action<T, string?>? _listeners;
    private string _fingerprint;
    private volatile T _current;

    public MeshOptionsMonitor(
        IConfiguration configuration, string path, T initial, IReadOnlyList<IValidateOptions<T>> validators, ILogger<MeshOptionsMonitor<T>> logger)
    {
        _configuration = configuration;
        _path = path;
        _current = initial;
        _validators = validators;
        _logger = logger;
        _fingerprint = Fingerprint();
        _subscription = ChangeToken.OnChange(configuration.GetReloadToken, Reload);
    }

    public T CurrentValue => _current;

    public T Value => _current;

    public T Get(string? name) => _current;

    public IDisposable OnChange(Action<T, string?> listener)
    {
        lock (_gate)
            _listeners += listener;
        return new Unsubscribe(this, listener);
    }

    public void Dispose() => _subscription.Dispose();

    private void Reload()
    {
        Action<T, string?>? listeners;
        T next;
        lock (_gate)
        {
            // Files are reported changed when they are touched, and several times for one save.
            var fingerprint = Fingerprint();
            if (fingerprint == _fingerprint)
                return;
            _fingerprint = fingerprint;
            var reading = SettingsReader.Read(_configuration, _path, _validators);
            if (reading.Errors.Count > 0)
            {
                LogRefused(_path, string.Join("; ", reading.Errors));
                return;
            }

            next = _current = reading.Value;
            listeners = _listeners;
        }

        LogReloaded(_path);
        listeners?.Invoke(next, Microsoft.Extensions.Options.Options.DefaultName);
    }

    private string Fingerprint() => string.Join('\n', _configuration.GetSection(_path).AsEnumerable().Select(pair => $"{pair.Key}={pair.Value}"));

    [LoggerMessage(Level = LogLevel.Error, Message = "The new settings of {Path} are wrong, the old ones stay: {Errors}")]
    private partial void LogRefused(string path, string errors);

    [LoggerMessage(Level = LogLevel.Information, Message = "The settings of {Path} have changed.")]
    private partial void LogReloaded(string path);

    private sealed class Unsubscribe(MeshOptionsMonitor<T> monitor, Action<T, string?> listener) : IDisposable
    {
        public void Dispose()
        {
            lock (monitor._gate)
                monitor._listeners -= listener;
        }
    }
}
