using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using InferMesh.Tests.Shared;

namespace InferMesh.Tests.EndToEnd;

/// <summary>The AppHost as a user starts it, on free ports and in a folder of its own.</summary>
internal sealed partial class MeshProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(3);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _keepFolder;

    private MeshProcess(string folder, bool keepFolder, int apiPort, int grpcPort, string[] settings)
    {
        (Folder, _keepFolder) = (folder, keepFolder);
        Api = new() { BaseAddress = new($"http://127.0.0.1:{apiPort}"), Timeout = TimeSpan.FromSeconds(30) };
        Grpc = new($"http://127.0.0.1:{grpcPort}");
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Repository.Assembly("Aspire.AppHost", "InferMesh.Aspire.AppHost"), "--Mesh:Mode=local", $"--Mesh:ApiPort={apiPort}", $"--Mesh:GrpcPort={grpcPort}",
                "--Mesh:FleetPort=0", $"--Mesh:FleetAdminPort={AdminPort}", $"--Mesh:DataDirectory={folder}",
                "--Mesh:Trainers=0",
            },
        };
        foreach (var setting in settings)
        {
            // An option of the AppHost, or a variable for all that it starts.
            if (setting.StartsWith("--", StringComparison.Ordinal)) start.ArgumentList.Add(setting);
            else start.Environment[setting[..setting.IndexOf('=', StringComparison.Ordinal)]] = setting[(setting.IndexOf('=', StringComparison.Ordinal) + 1)..];
        }
        if (start.Environment.TryGetValue("INFERMESH_API_KEY", out var key)) Api.DefaultRequestHeaders.Authorization = new("Bearer", key);
        _process = new() { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => _up.TrySetException(new InvalidOperationException($"The AppHost ended.\n{Output}"));
    }

    public HttpClient Api { get; }

    public Uri Grpc { get; }

    public string Folder { get; }

    public int AdminPort { get; } = ExternalProcess.FreePort();

    public int ProcessId => _process.Id;

    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>Starts it and waits for nothing.</summary>
    public static MeshProcess Launch(string? folder, params string[] settings)
    {
        var mesh = new MeshProcess(folder ?? Directory.CreateTempSubdirectory("infermesh-e2e-").FullName, folder is not null, ExternalProcess.FreePort(), ExternalProcess.FreePort(), settings);
        mesh._process.Start();
        mesh._process.BeginOutputReadLine();
        mesh._process.BeginErrorReadLine();
        return mesh;
    }

    /// <summary>Starts it and waits for its table and for the nodes to be ready.</summary>
    public static async Task<MeshProcess> StartAsync(string? folder = null, int readyNodes = 8, params string[] settings)
    {
        var mesh = Launch(folder, settings);
        try
        {
            await mesh._up.Task.WaitAsync(StartLimit);
            if (readyNodes > 0) await mesh.UntilReadyAsync(readyNodes);
            return mesh;
        }
        catch (Exception e)
        {
            var output = mesh.Output + mesh.Logs();
            await mesh.DisposeAsync();
            throw new InvalidOperationException($"{e.Message}\n{output}", e);
        }
    }

    public Task UntilReadyAsync(int nodes) => ExternalProcess.UntilAsync(async () => (await NodesAsync("ready")).Count >= nodes, StartLimit, $"{nodes} ready nodes");

    /// <summary>Ids of the nodes of a health.</summary>
    public async Task<List<string>> NodesAsync(string health)
    {
        try
        {
            var page = await Api.GetFromJsonAsync<JsonElement>($"/api/v1/nodes?health={health}&limit=1000");
            return [.. page.GetProperty("items").EnumerateArray().Select(n => n.GetProperty("id").GetString()!)];
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    /// <summary>Pids of the silos, newest last.</summary>
    public IReadOnlyList<int> SiloPids() => [.. Descendants().Where(p => CommandLine(p).Contains("InferMesh.Silo.dll", StringComparison.Ordinal))];

    /// <summary>Addresses of the silos' health and metrics, as the table of the AppHost has them: a silo that is started again keeps its ports.</summary>
    public IReadOnlyList<Uri> SiloAddresses() => [.. SiloAddress().Matches(Output).Select(static m => new Uri(m.Groups[1].Value))];

    /// <summary>Pid of the API that the AppHost runs.</summary>
    public int ApiPid() => Descendants().Single(p => CommandLine(p).Contains("InferMesh.Api.dll", StringComparison.Ordinal));

    /// <summary>All processes that the AppHost started and that still run, found by the folder in their environment or command line.</summary>
    public IReadOnlyList<int> Descendants() =>
        [.. Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0).Where(pid => pid > 0 && pid != _process.Id && IsOurs(pid))];

    /// <summary>Sends a signal to the AppHost.</summary>
    public void Signal(int signal) => Kill(_process.Id, signal);

    public static void Kill(int pid, int signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{pid}"]);
        kill.WaitForExit();
    }

    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        await _process.WaitForExitAsync(new CancellationTokenSource(limit).Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Api.Dispose();
        try
        {
            if (!_process.HasExited)
            {
                Signal(15);
                await WaitForExitAsync(TimeSpan.FromSeconds(40));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException)
        {
            foreach (var pid in Descendants().Append(_process.Id)) Kill(pid, 9);
        }
        _process.Dispose();
        if (!_keepFolder) Directory.Delete(Folder, recursive: true);
    }

    public string Logs() => string.Concat(Directory.Exists(Path.Combine(Folder, "logs"))
        ? Directory.GetFiles(Path.Combine(Folder, "logs")).Select(f => $"--- {Path.GetFileName(f)}\n{Tail(f)}\n") : []);

    /// <summary>What the processes logged as errors.</summary>
    public IReadOnlyList<string> Errors() =>
        [.. Directory.GetFiles(Path.Combine(Folder, "logs")).SelectMany(f => ReadFrom(f, 0).Split('\n').Where(l => Error().IsMatch(l) && !QueueGivenAway().IsMatch(l)).Select(l => $"{Path.GetFileName(f)}: {l}"))];

    private static string Tail(string file) => ReadFrom(file, Math.Max(0, new FileInfo(file).Length - 4000));

    private static string ReadFrom(string file, long position)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = position;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private bool IsOurs(int pid)
    {
        try
        {
            var environment = File.ReadAllText($"/proc/{pid}/environ");
            return Parent().Match(environment) is { Success: true } match && match.Groups[1].Value == _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private void Take(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
        if (line.Contains("InferMesh is up", StringComparison.Ordinal)) _up.TrySetResult();
    }

    [GeneratedRegex(@"silo-\d+\s+(http://127\.0\.0\.1:\d+) \(pid")]
    private static partial Regex SiloAddress();

    [GeneratedRegex(@"^\S+ (fail|crit): ")]
    private static partial Regex Error();

    // While silos join, queues of the telemetry go from one to the other, and what was being read from them is cancelled: Orleans logs that as an error.
    [GeneratedRegex(@"(MemoryAdapterReceiver|Orleans\.Streams\.telemetry).*OperationCanceledException")]
    private static partial Regex QueueGivenAway();

    [GeneratedRegex(@"MESH_PARENT_PID=(\d+)")]
    private static partial Regex Parent();
}
