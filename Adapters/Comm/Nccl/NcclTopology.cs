using System.Globalization;
using System.Xml.Linq;

namespace InferMesh.Adapters.Comm.Nccl;

/// <summary>
/// GPUs and network cards of a machine by PCI switch and NUMA node, in the form that NCCL reads from <c>NCCL_TOPO_FILE</c>. It says what NCCL finds by itself where ranks see all of
/// <c>/sys</c>; in containers and sandboxes they often do not.
/// </summary>
/// <param name="Xml">The file.</param>
/// <param name="Gpus">GPUs, 1 or more.</param>
/// <param name="Nics">Network cards, 0 or more.</param>
/// <param name="NumaNodes">NUMA nodes, 1 or more.</param>
public sealed record NcclTopology(string Xml, int Gpus, int Nics, int NumaNodes)
{
    /// <summary>Reads the PCI devices that the kernel shows.</summary>
    /// <param name="sysfs">Where sysfs is mounted.</param>
    /// <returns>Null when it shows no GPU.</returns>
    public static NcclTopology? Read(string sysfs = "/sys")
    {
        var devices = PciDevice.List(sysfs);
        var leaves = devices.Where(static d => d.IsGpu || d.IsNic).ToList();
        var gpus = leaves.Count(static d => d.IsGpu);
        if (gpus == 0) return null;

        var system = new XElement("system", new XAttribute("version", "1"));
        var made = new Dictionary<string, XElement>(StringComparer.Ordinal);
        foreach (var leaf in leaves) Place(leaf, sysfs, system, made);
        var document = system.ToString().ReplaceLineEndings("\n") + "\n";
        return new(document, gpus, leaves.Count - gpus, system.Elements("cpu").Count());
    }

    /// <summary>The device's element below its switches, which are made where they are not there yet.</summary>
    private static XElement Place(PciDevice device, string sysfs, XElement system, Dictionary<string, XElement> made)
    {
        if (made.TryGetValue(device.BusId, out var known)) return known;
        var parent = device.Switch is { } above ? Place(above, sysfs, system, made) : Cpu(device.NumaNode, sysfs, system, made);
        var element = made[device.BusId] = new("pci", new XAttribute("busid", device.BusId));
        foreach (var (name, value) in device.Attributes) element.SetAttributeValue(name, value);
        parent.Add(element);
        return element;
    }

    private static XElement Cpu(int numaNode, string sysfs, XElement system, Dictionary<string, XElement> made)
    {
        var number = numaNode.ToString(CultureInfo.InvariantCulture);
        if (made.TryGetValue(number, out var known)) return known;
        // Architecture and vendor NCCL knows of the machine that it runs on.
        var cpu = made[number] = new("cpu", new XAttribute("numaid", number));
        if (PciDevice.Text(Path.Combine(sysfs, "devices", "system", "node", $"node{number}", "cpumap")) is { } affinity) cpu.SetAttributeValue("affinity", affinity);
        system.Add(cpu);
        return cpu;
    }
}
