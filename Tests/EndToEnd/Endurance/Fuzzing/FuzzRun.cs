using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace InferMesh.Tests.EndToEnd.Endurance.Fuzzing;

/// <summary>
/// Random and broken calls of REST and gRPC, with a good key, a bad one and none. It holds when none is answered by a failure of the server's own, no process logs an error, ends or starts
/// again, memory stays flat after a warm-up, and no connection is left. The same seed makes the same calls.
/// </summary>
internal static class FuzzRun
{
    public const string Key = "fuzz-admin-key-0123456789abcdef";
    public static readonly string[] Settings =
    [
        "InferMesh__Security__Mode=Enforced", $"InferMesh__Api__AdminKeys__0={Key}", $"INFERMESH_API_KEY={Key}",
        // What is refused for its number is not looked at.
        "InferMesh__RateLimits__ChangesPerSecond=1000000", "InferMesh__RateLimits__ChangesBurst=1000000", "InferMesh__RateLimits__FailedSignInsPerSecond=1000000", "InferMesh__RateLimits__FailedSignInsBurst=1000000",
    ];

    private const int Workers = 12;
    private const double Tolerance = 0.1;
    private const int SpareDescriptors = 40;

    /// <summary>What a server refuses by its head alone it closes while the body is still on its way: at most this part of the calls meets that.</summary>
    private const double MostClosedEarly = 1e-4;
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromMinutes(2);

    /// <param name="mesh">A mesh with <see cref="Settings"/>.</param>
    /// <param name="calls">How many.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="only">Number of the only call that is made; null for all.</param>
    /// <param name="judgeMemory">Whether the run is long enough to say something about memory.</param>
    public static async Task<RunReport> RunAsync(MeshProcess mesh, int calls, int seed, int? only = null, bool judgeMemory = true)
    {
        var document = await mesh.Api.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var known = (await mesh.NodesAsync("ready")).Order(StringComparer.Ordinal).Append(SharedMesh.Model).ToArray();
        var (rest, grpc) = (new FuzzRest(document), new FuzzGrpc());
        (string Name, int Pid)[] processes = [("API", mesh.ApiPid()), .. mesh.SiloPids().Select(static (pid, i) => ($"silo {i.ToString(CultureInfo.InvariantCulture)}", pid))];
        var descriptors = processes.Select(static p => ProcessUse.Descriptors(p.Pid)).ToArray();
        var samples = processes.ToDictionary(static p => p.Name, static _ => new List<double>());
        var (findings, answers) = (new ConcurrentBag<(FuzzCall Call, FuzzAnswer Answer)>(), new ConcurrentDictionary<string, int>());
        var closedEarly = new ConcurrentBag<string>();
        var before = mesh.Errors();
        var started = DateTime.UtcNow;

        using (var sender = new FuzzSender(mesh.Api.BaseAddress!, mesh.Grpc, Key))
        using (var stop = new CancellationTokenSource())
        {
            var numbers = only is { } one ? [one] : Enumerable.Range(0, calls);
            // What the first pass makes (objects, compiled code, pools) is there afterwards: what the same calls add once more would be a leak.
            if (judgeMemory) await PassAsync(numbers);
            var sampling = SampleAsync(processes, samples, stop.Token);
            await PassAsync(numbers);
            await stop.CancelAsync();
            await sampling;

            Task PassAsync(IEnumerable<int> indexes) => Parallel.ForEachAsync(indexes, new ParallelOptions { MaxDegreeOfParallelism = Workers }, async (i, _) =>
            {
                // Each call has a sequence of its own: it is the same whatever the others do meanwhile.
                var input = new FuzzInput(new Random(HashOf(seed, i)), known);
                var call = input.Random.Next(20) switch { 0 => rest.NextRaw(i, input, sender.Key), < 12 => rest.Next(i, input), _ => grpc.Next(i, input) };
                var answer = await sender.SendAsync(call);
                if (answer.Status == FuzzAnswer.Closed && call is { Wire: FuzzWire.Http, Body: not null })
                {
                    // Kestrel does not wait for the rest of a body whose head it refused: a client that writes it later meets a closed connection instead of the answer (RFC 9112, 9.6).
                    // It is that when the same call, sent again, is refused.
                    var again = await sender.SendAsync(call);
                    if (again.Status is >= 400 and < 500)
                    {
                        closedEarly.Add($"{call.Index} {call.Operation} -> {again.Status}");
                        answer = again;
                    }
                }
                answers.AddOrUpdate(Kind(call, answer), 1, static (_, n) => n + 1);
                if (!IsFine(call, answer)) findings.Add((call, answer));
            });
        }

        var report = new RunReport("Fuzz: random and broken calls (synthetic fleet)");
        report.Add("calls, seed", $"{(judgeMemory ? "twice " : "")}{calls}, {seed}");
        report.Add("duration", $"{(DateTime.UtcNow - started).TotalSeconds:0} s");
        foreach (var (kind, count) in answers.OrderBy(static a => a.Key, StringComparer.Ordinal)) report.Add(kind, $"{count}");
        report.Forbid("failures of the server's own", [.. findings.OrderBy(static f => f.Call.Index).Select(static f => $"{f.Call.Index} {f.Call.Operation} -> {f.Answer.Status} {Short(f.Answer.Text)}")]);
        report.Add("refused, and closed before the body was sent", $"{(closedEarly.IsEmpty ? "0" : string.Join("; ", closedEarly))}");
        if (closedEarly.Count > Math.Max(2, calls * MostClosedEarly)) report.Violations.Add($"{closedEarly.Count} connections were closed before the body was sent");
        if (!findings.IsEmpty) report.Add("saved", $"{Save(findings, seed)}");
        report.Forbid("errors in the logs", [.. mesh.Errors().Except(before)]);
        report.Forbid("processes that are not those of the start", [.. processes.Where(p => p.Pid != mesh.ApiPid() && !mesh.SiloPids().Contains(p.Pid)).Select(static p => p.Name)]);
        foreach (var (name, _) in judgeMemory ? processes : []) ProcessUse.AddMemory(report, name, samples[name], Tolerance);
        await AddConnectionsAsync(report, processes, descriptors);
        if ((await mesh.NodesAsync("ready")).Count == 0) report.Violations.Add("no node is ready after the run");
        return report;
    }

    // 502 to 504 are the data plane's words for a node that is not there, and nodes of the run's own never are.
    private static bool IsFine(FuzzCall call, FuzzAnswer answer) => call.Wire switch
    {
        FuzzWire.Grpc => IsDataPlane(call) ? answer.Status is not (2 or 13 or 15 or FuzzAnswer.Silent) and < 100 : answer.Status is not (2 or 13 or 14 or 15 or FuzzAnswer.Silent) and < 100,
        FuzzWire.Raw => answer.Status is < 500 or 501 or 505,
        _ => answer.Status is < 500 and not (FuzzAnswer.Silent or FuzzAnswer.Closed) || (IsDataPlane(call) && answer.Status is 502 or 503 or 504 && call.Documented.Contains(answer.Status)),
    };

    private static bool IsDataPlane(FuzzCall call) => call.Wire == FuzzWire.Grpc
        ? call.Operation.StartsWith("inference.", StringComparison.Ordinal)
        : !call.Operation.Contains(" /api/", StringComparison.Ordinal) || call.Operation.EndsWith(":invoke", StringComparison.Ordinal);

    private static string Kind(FuzzCall call, FuzzAnswer answer)
    {
        var what = answer.Status switch { FuzzAnswer.Closed => "closed", FuzzAnswer.Silent => "silent", FuzzAnswer.Left => "left open", var status => status.ToString(CultureInfo.InvariantCulture) };
        return $"{(call.Wire == FuzzWire.Grpc ? "gRPC" : call.Wire == FuzzWire.Raw ? "raw" : "REST")}: {what}";
    }

    private static async Task SampleAsync((string Name, int Pid)[] processes, Dictionary<string, List<double>> samples, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var (name, pid) in processes) samples[name].Add(ProcessUse.ResidentMiB(pid));
            await Task.Delay(SamplePeriod, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task AddConnectionsAsync(RunReport report, (string Name, int Pid)[] processes, int[] before)
    {
        var deadline = DateTime.UtcNow + CloseLimit;
        int[] after;
        do
        {
            await Task.Delay(SamplePeriod);
            after = [.. processes.Select(static p => ProcessUse.Descriptors(p.Pid))];
        }
        while (after.Zip(before).Any(static pair => pair.First > pair.Second + SpareDescriptors) && DateTime.UtcNow < deadline);
        foreach (var (i, (name, _)) in processes.Index())
        {
            report.Add($"open files and connections of {name}", $"{before[i]} before, {after[i]} after");
            if (after[i] > before[i] + SpareDescriptors) report.Violations.Add($"{name} keeps {after[i] - before[i]} files or connections");
        }
    }

    /// <summary>Writes what failed, so that it can be sent again: by its number and the seed, or by hand.</summary>
    private static string Save(IEnumerable<(FuzzCall Call, FuzzAnswer Answer)> findings, int seed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "fuzz")).FullName;
        var file = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"failures-{seed}.jsonl"));
        File.WriteAllLines(file, findings.OrderBy(static f => f.Call.Index).Select(f => JsonSerializer.Serialize(new
        {
            seed,
            f.Call.Index,
            f.Call.Operation,
            f.Call.Method,
            f.Call.Path,
            Caller = f.Call.Caller.ToString(),
            Headers = f.Call.Headers.Select(static h => $"{h.Name}: {h.Value}"),
            Body = f.Call.Body is null ? null : Convert.ToBase64String(f.Call.Body),
            Text = f.Call.Body is null ? null : Encoding.UTF8.GetString(f.Call.Body),
            f.Answer.Status,
            Answer = f.Answer.Text,
        })));
        return file;
    }

    private static string Short(string text) => text.ReplaceLineEndings(" ") is var line && line.Length > 300 ? line[..300] : line;

    // Neighbours must not have related sequences.
    private static int HashOf(int seed, int index) => unchecked((int)((((uint)seed * 2654435761u) ^ (uint)index) * 2246822519u));
}
