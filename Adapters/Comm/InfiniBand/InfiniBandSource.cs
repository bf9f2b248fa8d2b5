using System.Globalization;
using System.Text;

namespace InferMesh.Adapters.Comm.InfiniBand;

/// <summary>Reads the ports of InfiniBand and RoCE devices from sysfs, below <c>class/infiniband</c>. Thread-safe; reads take turns, and each port's window is since the read before.</summary>
public sealed class InfiniBandSource
{
    private const int MaxFileBytes = 4096; // what sysfs shows at most

    private readonly string _devices;
    private readonly int _maxPorts;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private Dictionary<(string Device, int Port), InfiniBandWindow> _windows = [];

    /// <summary>Creates the source; nothing is read before the first read.</summary>
    /// <param name="options">Where to read.</param>
    /// <param name="time">Clock of the windows.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public InfiniBandSource(InfiniBandOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        if (options.MaxPorts <= 0)
            throw new ArgumentException($"{nameof(options.MaxPorts)} is {options.MaxPorts}; it must be above 0", nameof(options));
        if (string.IsNullOrEmpty(options.Root))
            throw new ArgumentException($"{nameof(options.Root)} must name a folder", nameof(options));
        (_devices, _maxPorts, _time) = (Path.Combine(options.Root, "class", "infiniband"), options.MaxPorts, time);
    }

    /// <summary>Reads every port. A machine without such devices has none, and that is no failure.</summary>
    public InfiniBandSnapshot Read()
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            try
            {
                var all = Ports();
                var windows = new Dictionary<(string, int), InfiniBandWindow>();
                var ports = new List<InfiniBandPort>();
                foreach (var (device, port) in all.Take(_maxPorts))
                {
                    var window = windows[(device, port)] = _windows.GetValueOrDefault((device, port)) ?? new InfiniBandWindow(_time);
                    var folder = Path.Combine(_devices, device, "ports", port.ToString(CultureInfo.InvariantCulture));
                    ports.Add(new InfiniBandPortReader(path => ReadFile(Path.Combine(folder, path)), window).Read(device, port));
                }
                _windows = windows;
                return new InfiniBandSnapshot(ports, Math.Max(0, all.Count - _maxPorts), null, now);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Security.SecurityException)
            {
                return new InfiniBandSnapshot([], 0, $"{_devices} cannot be listed: {exception.Message.ReplaceLineEndings(" ")}", now);
            }
        }
    }

    /// <summary>Ports by device and number. Devices are links in sysfs, and what has no ports is none.</summary>
    private List<(string Device, int Port)> Ports()
    {
        if (!Directory.Exists(_devices))
            return [];
        var ports = new List<(string, int)>();
        foreach (var device in Directory.EnumerateFileSystemEntries(_devices).Order(StringComparer.Ordinal))
        {
            var folder = Path.Combine(device, "ports");
            if (!Directory.Exists(folder))
                continue; // a file beside the devices, such as the drivers' abi_version
            var numbers = Directory.EnumerateFileSystemEntries(folder)
                .Select(static entry => int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1)
                .Where(static number => number >= 0)
                .Order();
            ports.AddRange(numbers.Select(number => (Path.GetFileName(device), number)));
        }
        return ports;
    }

    private static InfiniBandFile ReadFile(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var bytes = new byte[MaxFileBytes];
            return new(Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)), null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(null, "the device has no such file");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new(null, $"it cannot be read: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }
}
