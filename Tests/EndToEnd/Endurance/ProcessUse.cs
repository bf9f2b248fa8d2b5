using System.Globalization;

namespace InferMesh.Tests.EndToEnd.Endurance;

/// <summary>What a process uses, as the kernel counts it.</summary>
internal static class ProcessUse
{
    private const double TicksPerSecond = 100;

    public static double ResidentMiB(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Open files, sockets among them.</summary>
    public static int Descriptors(int pid) => Directory.GetFiles($"/proc/{pid}/fd").Length;

    /// <summary>Processor time of user and kernel.</summary>
    public static double CpuSeconds(int pid)
    {
        // The name in brackets may hold anything; fields count from behind it.
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    /// <summary>Adds the middle and the last third of samples of memory to a report; more than the tolerance between them is a violation.</summary>
    public static void AddMemory(RunReport report, string name, IReadOnlyList<double> samples, double tolerance)
    {
        var third = samples.Count / 3;
        var (middle, last) = (samples.Skip(third).Take(third).Average(), samples.TakeLast(third).Average());
        report.Add($"resident memory of {name}", $"first third {samples.Take(third).Average():0} MiB, middle {middle:0} MiB, last {last:0} MiB ({(last / middle) - 1:+0.0%;-0.0%})");
        // What the runtime gives back to the system is no leak.
        if (last - middle > tolerance * middle) report.Violations.Add($"the memory of {name} is not flat");
    }
}
