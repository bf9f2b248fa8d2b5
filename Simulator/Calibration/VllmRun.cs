using System.Globalization;
using System.Text.Json;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>A recorded run of a real vLLM engine: its requests, what each of them met, and how the engine was set (LLMServingSim's bench files).</summary>
/// <param name="Name">File name up to the kind, such as <c>RTX4090--Llama-3.1-8B</c>.</param>
/// <param name="Requests">Requests, arrivals from 0.</param>
/// <param name="Measured">What each met.</param>
/// <param name="MaxSequences">Sequences at the same time.</param>
/// <param name="MaxBatchedTokens">Tokens of one step.</param>
/// <param name="KvBlocks">KV blocks; null where the run did not record them.</param>
public sealed record VllmRun(
    string Name, IReadOnlyList<SimRequest> Requests, IReadOnlyList<RequestTimes> Measured, int MaxSequences, int MaxBatchedTokens, int? KvBlocks)
{
    /// <summary>Reads a run.</summary>
    /// <param name="folder">Folder of the files.</param>
    /// <param name="name">Name of the run.</param>
    /// <param name="workload">File of the workload with the hashes of its prompts' blocks.</param>
    public static VllmRun Read(string folder, string name, string workload)
    {
        var prefixes = GzipCsv.Read(Path.Combine(folder, workload), "prefix_hash16").Select(static row => Hashes(row[0])).ToArray();
        var (requests, measured) = (new List<SimRequest>(), new List<RequestTimes>());
        var startSeconds = double.NaN;
        using var reader = new StreamReader(GzipCsv.Open(Path.Combine(folder, name + ".requests.jsonl.gz")));
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            using var json = JsonDocument.Parse(line);
            var row = json.RootElement;
            var queued = row.GetProperty("queued_ts").GetDouble();
            startSeconds = double.IsNaN(startSeconds) ? queued : startSeconds;
            var output = row.GetProperty("output_toks").GetInt32();
            var index = int.Parse(row.GetProperty("request_id").GetString()!.Split('-')[^1], CultureInfo.InvariantCulture);
            requests.Add(new SimRequest(
                requests.Count, (long)((queued - startSeconds) * 1e9), RequestType.Llm, row.GetProperty("input_toks").GetInt32(), output, 0, -1, 0, -1, prefixes[index]));
            measured.Add(new RequestTimes(row.GetProperty("first_token_ts").GetDouble() - queued, row.GetProperty("last_token_ts").GetDouble() - queued, output));
        }

        using var meta = JsonDocument.Parse(GzipCsv.Open(Path.Combine(folder, name + ".meta.json.gz")));
        var settings = meta.RootElement.GetProperty("engine_kwargs");
        int? blocks = meta.RootElement.TryGetProperty("kv_cache", out var cache) ? cache.GetProperty("num_gpu_blocks").GetInt32() : null;
        return new VllmRun(
            name, requests, measured, settings.GetProperty("max_num_seqs").GetInt32(), settings.GetProperty("max_num_batched_tokens").GetInt32(), blocks);
    }

    /// <summary>The run in the simulated engine.</summary>
    /// <param name="profile">Timing, and the KV blocks where the run did not record them.</param>
    public RequestTimes[] Replay(EngineProfile profile) => EngineReplay.Open(
        new ContinuousEngine(profile, new EngineSettings { MaxSequences = MaxSequences, MaxBatchedTokens = MaxBatchedTokens, KvBlocks = KvBlocks }), Requests);

    private static ulong[] Hashes(string cell) => [.. cell
        .Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static hash => ulong.Parse(hash, NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
}
