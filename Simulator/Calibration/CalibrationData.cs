using System.Globalization;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Calibration;

/// <summary>Finds and reads the measurements under one folder, laid out as the data's own README says.</summary>
/// <param name="Folder">The folder.</param>
public sealed record CalibrationData(string Folder)
{
    private string Runs => Path.Combine(Folder, "llmservingsim-bench");

    private string Tables => Path.Combine(Folder, "llmservingsim-profiles");

    /// <summary>A recorded vLLM run of Llama-3.1-8B on <c>RTX4090</c> or <c>RTXPRO6000</c>.</summary>
    public VllmRun Run(string gpu) => VllmRun.Read(Runs, $"{gpu}--Llama-3.1-8B", "sharegpt-llama-3.1-8b-300-sps10.csv.gz");

    /// <summary>The shipped profile of Llama-3.1-8B on one GPU, its step time replaced by the tables measured there.</summary>
    public EngineProfile TableProfile(string gpu, string shipped)
    {
        if (!EngineProfiles.TryGet(shipped, ModelShape.Llama8B.Name, 1, out var profile))
            throw new ArgumentException($"There is no profile for {shipped}.", nameof(shipped));

        var time = TableStepTime.Read(Tables, $"{gpu}--meta-llama--Llama-3.1-8B--bf16--tp1", ModelShape.Llama8B, 1);
        return profile with { StepTime = time, Physics = null, Source = $"kernel tables of {gpu}" };
    }

    /// <summary>Requests and answers of a run of the BLIS simulator, such as <c>tr_chat_r40</c>: a model too, not a measurement.</summary>
    public (IReadOnlyList<SimRequest> Requests, IReadOnlyList<RequestTimes> Answers) Peer(string name)
    {
        var (requests, answers) = (new List<SimRequest>(), new List<RequestTimes>());
        var path = Path.Combine(Folder, "blis", $"peer-{name}.csv.gz");
        foreach (var row in GzipCsv.Read(path, "arrival_us", "input", "output", "first_token_us", "last_token_us").OrderBy(static row => GzipCsv.Number(row[0])))
        {
            var arrivalUs = GzipCsv.Number(row[0]);
            var (prompt, output) = (GzipCsv.Whole(row[1]), Math.Max(1, GzipCsv.Whole(row[2])));
            requests.Add(new SimRequest(requests.Count, (long)(arrivalUs * 1000), RequestType.Llm, prompt, output, 0, -1, 0, -1, default));
            answers.Add(new RequestTimes((GzipCsv.Number(row[3]) - arrivalUs) * 1e-6, (GzipCsv.Number(row[4]) - arrivalUs) * 1e-6, output));
        }

        return (requests, answers);
    }

    /// <summary>Measured bf16 serving points of models and GPUs that profiles are shipped for.</summary>
    public IEnumerable<SiliconPoint> Silicon()
    {
        string[] columns =
        [
            "backend", "model_path", "system", "precision", "mode", "gemm_quant_mode", "isl", "osl", "batch_size", "tp_size", "pp_size", "silicon_ttft_ms",
            "silicon_tpot_ms",
        ];
        foreach (var row in GzipCsv.Read(Path.Combine(Folder, "aiconfigurator", "silicon_sample.csv.gz"), columns))
        {
            var model = row[1] switch
            {
                "meta-llama/Llama-3.1-8B-Instruct" => ModelShape.Llama8B.Name,
                "Qwen/Qwen3-32B" => ModelShape.Qwen32B.Name,
                "meta-llama/Llama-3.1-70B" => ModelShape.Llama70B.Name,
                _ => null,
            };
            var gpu = row[2] switch { "h100_sxm" => "H100-80G", "h200_sxm" => "H200-141G", "b200_sxm" => "B200-180G", _ => null };
            if (model is null || gpu is null || row[4] != "agg" || row[10] != "1" || !IsBf16(row[3], row[5]))
                continue;
            if (EngineProfiles.TryGet(gpu, model, GzipCsv.Whole(row[9]), out var profile))
            {
                yield return new SiliconPoint(
                    row[0], profile, GzipCsv.Whole(row[6]), GzipCsv.Whole(row[7]), (int)double.Parse(row[8], CultureInfo.InvariantCulture),
                    GzipCsv.Number(row[11]) * 1e-3, GzipCsv.Number(row[12]) * 1e-3);
            }
        }
    }

    private static bool IsBf16(string precision, string gemm) => precision is "" or "bf16" && gemm is "" or "bf16" or "bfloat16" or "float16";
}

/// <summary>One measured serving point: equal requests, a fixed number of them at the same time.</summary>
/// <param name="Backend">Runtime that was measured: vllm, trtllm or sglang.</param>
/// <param name="Profile">The shipped profile of its GPU, model and degree.</param>
/// <param name="PromptTokens">Prompt tokens of each request.</param>
/// <param name="OutputTokens">Output tokens of each request.</param>
/// <param name="Concurrency">Requests at the same time.</param>
/// <param name="TtftSeconds">Mean time to first token, measured.</param>
/// <param name="TpotSeconds">Mean time per output token, measured.</param>
public sealed record SiliconPoint(
    string Backend, EngineProfile Profile, int PromptTokens, int OutputTokens, int Concurrency, double TtftSeconds, double TpotSeconds);
