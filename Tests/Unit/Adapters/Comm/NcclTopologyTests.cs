using System.Xml.Linq;
using InferMesh.Adapters.Comm.Nccl;

namespace InferMesh.Tests.Unit.Adapters.Comm;

/// <summary>Trees of devices as kernels show them, with made-up addresses.</summary>
[TestClass]
public sealed class NcclTopologyTests : IDisposable
{
    private const string Gpu = "0x030200", Nic = "0x020700", Bridge = "0x060400", Nvidia = "0x10de";
    private readonly string _sys = Directory.CreateTempSubdirectory("infermesh-sys").FullName;

    [TestMethod]
    public void Read_NoGpu_IsNull()
    {
        Assert.IsNull(NcclTopology.Read(_sys));
        Device("pci0000:00/0000:00:02.0", "0x020000", "0x8086", numa: 0, folders: ["net"]);
        Assert.IsNull(NcclTopology.Read(_sys));
    }

    [TestMethod]
    public void Read_SwitchesAndSockets_PutsCardsWhereTheyHang()
    {
        // A GPU and a card below one switch, a GPU below another of the same socket, and a GPU right below a port of the other socket.
        Device("pci0000:0c/0000:0c:01.0/0000:0d:00.0", Bridge, "0x1000", numa: 0, speed: "32.0 GT/s PCIe", width: "16");
        Device("pci0000:0c/0000:0c:01.0/0000:0d:00.0/0000:0e:00.0/0000:0f:00.0", Gpu, Nvidia, numa: 0, speed: "32.0 GT/s PCIe", width: "16", port: ("16.0 GT/s PCIe", "16"));
        Device("pci0000:0c/0000:0c:01.0/0000:0d:00.0/0000:0e:01.0/0000:10:00.0", Nic, "0x15b3", numa: 0, speed: "32.0 GT/s PCIe", width: "16", folders: ["infiniband"]);
        Device("pci0000:20/0000:20:01.0/0000:21:00.0", Bridge, "0x1000", numa: 0);
        Device("pci0000:20/0000:20:01.0/0000:21:00.0/0000:22:00.0/0000:23:00.0", Gpu, Nvidia, numa: 0);
        Device("pci0000:80/0000:80:01.0/0000:81:00.0", Gpu, Nvidia, numa: 1, speed: "Unknown", width: "255");
        Write("devices/system/node/node0/cpumap", "0000ffff\n");

        var topology = NcclTopology.Read(_sys)!;

        Assert.AreEqual((3, 1, 2), (topology.Gpus, topology.Nics, topology.NumaNodes));
        var system = XDocument.Parse(topology.Xml).Root!;
        Assert.AreEqual("1", system.Attribute("version")!.Value);
        Assert.AreEqual("0(0000:0d:00.0(0000:0f:00.0 0000:10:00.0) 0000:21:00.0(0000:23:00.0)) 1(0000:81:00.0)", Shape(system));
        Assert.AreEqual("0000ffff", system.Element("cpu")!.Attribute("affinity")!.Value);
        Assert.IsNull(system.Elements("cpu").Last().Attribute("affinity"));
        var gpu = system.Descendants("pci").Single(static p => p.Attribute("busid")!.Value == "0000:0f:00.0");
        Assert.AreEqual((Gpu, Nvidia, "16.0 GT/s PCIe", "16"), (gpu.Attribute("class")!.Value, gpu.Attribute("vendor")!.Value, gpu.Attribute("link_speed")!.Value, gpu.Attribute("link_width")!.Value));
        var unknown = system.Descendants("pci").Single(static p => p.Attribute("busid")!.Value == "0000:81:00.0");
        Assert.IsNull(unknown.Attribute("link_speed"));
        Assert.IsNull(unknown.Attribute("link_width"));
    }

    [TestMethod]
    public void Read_VirtualMachine_HangsAllOnTheOneProcessor()
    {
        Device("pci0000:00/0000:00:05.0", Gpu, Nvidia);
        Device("pci0000:00/0000:00:06.0", "0x038000", "0x1002");
        Device("pci0000:00/0000:00:07.0", "0x020000", "0x1af4", folders: ["net"]);
        Assert.AreEqual("-1(0000:00:05.0 0000:00:06.0 0000:00:07.0)", Shape(XDocument.Parse(NcclTopology.Read(_sys)!.Xml).Root!));
    }

    [TestMethod]
    public void Read_OtherDevices_AreLeftOut()
    {
        Device("pci0000:00/0000:00:05.0", Gpu, Nvidia);
        Device("pci0000:00/0000:00:06.0", "0x030000", "0x1a03"); // the console of a server
        Device("pci0000:00/0000:00:07.0", "0x010802", "0x144d"); // a disk
        Device("pci0000:00/0000:00:08.0", "0x020000", "0x8086"); // a card that no driver has
        Device("pci0000:00/0000:00:08.1", Nic, "0x15b3", folders: ["infiniband", "physfn"]);
        Assert.AreEqual("-1(0000:00:05.0)", Shape(XDocument.Parse(NcclTopology.Read(_sys)!.Xml).Root!));
    }

    public void Dispose() => Directory.Delete(_sys, recursive: true);

    private void Device(string path, string kind, string vendor, int? numa = null, string? speed = null, string? width = null, (string Speed, string Width)? port = null, params string[] folders)
    {
        var folder = $"devices/{path}";
        Write($"{folder}/class", kind + "\n");
        Write($"{folder}/vendor", vendor + "\n");
        if (numa is { } node) Write($"{folder}/numa_node", $"{node}\n");
        if (speed is not null) Write($"{folder}/max_link_speed", speed + "\n");
        if (width is not null) Write($"{folder}/max_link_width", width + "\n");
        if (port is var (portSpeed, portWidth))
        {
            Write($"{folder}/../max_link_speed", portSpeed + "\n");
            Write($"{folder}/../max_link_width", portWidth + "\n");
        }
        foreach (var name in folders) Directory.CreateDirectory(Path.Combine(_sys, folder, name));
        Directory.CreateDirectory(Path.Combine(_sys, "bus/pci/devices"));
        Directory.CreateSymbolicLink(Path.Combine(_sys, "bus/pci/devices", Path.GetFileName(path)), Path.Combine("../../..", folder));
    }

    private void Write(string file, string text)
    {
        var path = Path.GetFullPath(Path.Combine(_sys, file));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private static string Shape(XElement of) => string.Join(' ', of.Elements().Select(static e =>
        (e.Attribute("busid") ?? e.Attribute("numaid"))!.Value + (e.HasElements ? $"({Shape(e)})" : "")));
}
