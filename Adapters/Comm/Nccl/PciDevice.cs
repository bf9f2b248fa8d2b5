using System.Globalization;
using System.Text.RegularExpressions;

namespace InferMesh.Adapters.Comm.Nccl;

/// <summary>A PCI device as the kernel shows it.</summary>
/// <param name="folder">Its own folder, not a link to it: the folders above are what it hangs on.</param>
internal sealed partial class PciDevice(string folder)
{
    private const string Nvidia = "0x10de", Amd = "0x1002";

    // Class and subclass: VGA, 3D and other display controllers; accelerators.
    private static readonly string[] GpuClasses = ["0x0300", "0x0302", "0x0380", "0x1200"];

    // Ethernet, other network, InfiniBand.
    private static readonly string[] NicClasses = ["0x0200", "0x0280", "0x0207"];

    /// <summary>Address: domain, bus, device, function.</summary>
    public string BusId { get; } = Path.GetFileName(folder);

    public bool IsGpu => Has(GpuClasses) && Read("vendor") is Nvidia or Amd;

    /// <summary>A network card; virtual functions, of which there may be hundreds, are their card's.</summary>
    public bool IsNic => Has(NicClasses) && (Has("net") || Has("infiniband")) && !Has("physfn");

    /// <summary>NUMA node; -1 when the kernel knows none.</summary>
    public int NumaNode => int.TryParse(Read("numa_node"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var node) ? node : -1;

    /// <summary>The switch that it hangs on: a switch is two devices, the port towards the device and the one towards the processor, and the latter names it. Null below a port of the processor.</summary>
    public PciDevice? Switch =>
        Path.GetDirectoryName(folder) is { } port && IsAddress(port) && Path.GetDirectoryName(port) is { } upstream && IsAddress(upstream) ? new(upstream) : null;

    /// <summary>What NCCL asks for, as far as it is known.</summary>
    public IEnumerable<(string Name, string Value)> Attributes
    {
        get
        {
            foreach (var name in new[] { "class", "vendor", "device", "subsystem_vendor", "subsystem_device" })
            {
                if (Read(name) is { } value) yield return (name, value);
            }
            // A link is as fast as the slower of its ends.
            if (Slower(Read("max_link_speed"), Read("../max_link_speed")) is { } speed) yield return ("link_speed", speed);
            if (Slower(Read("max_link_width"), Read("../max_link_width")) is { } width) yield return ("link_width", width);
        }
    }

    /// <summary>All of them, by address.</summary>
    public static IReadOnlyList<PciDevice> List(string sysfs)
    {
        var links = new DirectoryInfo(Path.Combine(sysfs, "bus", "pci", "devices"));
        if (!links.Exists) return [];
        try
        {
            return [.. links.EnumerateFileSystemInfos().OrderBy(static l => l.Name, StringComparer.Ordinal).Select(static l => l.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? l.FullName).Select(static path => new PciDevice(path))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Text of a file of the kernel; null when it cannot be read or says nothing.</summary>
    public static string? Text(string file)
    {
        try
        {
            return File.ReadAllText(file).Trim() is { Length: > 0 } text ? text : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string? Read(string file) => Text(Path.Combine(folder, file));

    private bool Has(string entry) => Path.Exists(Path.Combine(folder, entry));

    private bool Has(string[] classes) => Read("class") is { } code && classes.Any(c => code.StartsWith(c, StringComparison.OrdinalIgnoreCase));

    private static string? Slower(string? own, string? port)
    {
        // "Unknown", and 255 or 0 lanes, are the kernel's ways of saying that it does not know.
        var known = new[] { own, port }.Select(static text => (Text: text, Number: Number(text))).Where(static t => t.Number is > 0 and < 255).ToArray();
        return known.Length == 0 ? null : known.MinBy(static t => t.Number).Text;
    }

    private static double? Number(string? text) =>
        text is not null && double.TryParse(text.Split(' ')[0], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static bool IsAddress(string folder) => Address().IsMatch(Path.GetFileName(folder));

    [GeneratedRegex("^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Address();
}
