using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace InferMesh.Tests.Benchmarks.Proxies;

/// <summary>A server that a benchmark starts, with the processor time of it and of its own children.</summary>
internal sealed class Child : IDisposable
{
    private const double TicksPerSecond = 100;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private readonly Process _process;
    private readonly Queue<string> _output = new();

    public Child(string name, string program, IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> environment)
    {
        Name = name;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Ours end when this process does, whatever ends it.
        start.Environment["MESH_PARENT_PID"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (var (key, value) in environment) start.Environment[key] = value;
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
    }

    public string Name { get; }

    public string Output
    {
        get { lock (_output) return string.Join('\n', _output); }
    }

    /// <summary>Processor seconds so far.</summary>
    public double CpuSeconds => Family(_process.Id).Sum(CpuOf);

    /// <summary>Bytes of memory in use, shared pages counted once per process.</summary>
    public long ResidentBytes => Family(_process.Id).Sum(ResidentOf);

    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Waits until the condition holds, or throws with what the server said.</summary>
    public void Await(Func<bool> ready, TimeSpan limit)
    {
        for (var started = Stopwatch.StartNew(); !ready(); Thread.Sleep(50))
        {
            if (_process.HasExited || started.Elapsed > limit) throw new InvalidOperationException($"{Name} is not ready after {started.Elapsed.TotalSeconds:0} s:\n{Output}");
        }
    }

    /// <summary>Waits until somebody listens on the port.</summary>
    public void AwaitPort(int port) => Await(() => IsOpen(port), TimeSpan.FromSeconds(60));

    public void Dispose()
    {
        try
        {
            if (_process.HasExited) return;
            using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) kill.WaitForExit();
            if (!_process.WaitForExit(StopLimit)) _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended in between, or was disposed of before.
        }
    }

    private static bool IsOpen(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static IEnumerable<int> Family(int pid)
    {
        yield return pid;
        var children = Read($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var child in children)
        {
            foreach (var one in Family(int.Parse(child, CultureInfo.InvariantCulture))) yield return one;
        }
    }

    private static double CpuOf(int pid)
    {
        // Fields 14 and 15, counted from after the name, which may hold anything.
        var fields = Read($"/proc/{pid}/stat") is { Length: > 0 } stat ? stat[(stat.LastIndexOf(')') + 2)..].Split(' ') : [];
        return fields.Length < 13 ? 0 : (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    private static long ResidentOf(int pid) => Read($"/proc/{pid}/statm").Split(' ') is [_, var pages, ..] ? long.Parse(pages, CultureInfo.InvariantCulture) * Environment.SystemPageSize : 0;

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private void Take(string? line)
    {
        if (line is null) return;
        lock (_output)
        {
            _output.Enqueue(line);
            if (_output.Count > 60) _output.Dequeue();
        }
    }
}
