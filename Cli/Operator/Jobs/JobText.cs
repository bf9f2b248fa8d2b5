using System.Globalization;
using System.Text;
using System.Text.Json;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>Jobs as people read them.</summary>
internal static class JobText
{
    private const int LabelWidth = 14;
    private static readonly string[] Columns = ["ID", "NAME", "TENANT", "STATE", "WORKERS", "GPUS", "PRIORITY", "STEP", "SINCE", "REASON"];
    private static readonly string[] GroupColumns = ["NODE", "CELL", "WORKERS", "RANKS", "GPUS"];

    /// <summary>A job in one line.</summary>
    public static string Line(JsonElement job) => Terminal.Clean($"{job.Text("id")}  {job.Text("state")}{Brackets(job.Text("reason"))}");

    public static string Table(IEnumerable<JsonElement> jobs) => Terminal.Table(Columns, jobs.Select(Row));

    public static string Detail(JsonElement job)
    {
        var (spec, progress) = (job.GetProperty("spec"), job.GetProperty("progress"));
        var text = new StringBuilder();
        Add(text, "id", job.Text("id"));
        Add(text, "name", spec.Text("name"));
        Add(text, "tenant", Joined("/", spec.Text("tenant"), spec.Text("project")));
        Add(text, "state", job.Text("state") + Brackets(job.Text("reason")));
        Add(text, "since", job.Time("since"));
        Add(text, "submitted", $"{job.Time("submittedAt")} {By(job.Text("submittedBy"))}");
        Add(text, "started", job.Time("startedAt"));
        Add(text, "ended", job.Time("endedAt"));
        Add(text, "workers", $"{job.Text("desiredWorkers")} of {spec.Text("gpusPerWorker")} GPUs{Limits(spec)}");
        Add(text, "priority", spec.Text("priority"));
        Add(text, "step", Joined(", ", progress.Text("step"), progress.Text("stepSeconds") is { Length: > 0 } ? $"{progress.Decimal("stepSeconds")} s each" : ""));
        Add(text, "checkpoint", Joined(" at ", progress.Text("checkpointStep"), progress.Text("checkpointRef")));
        Add(text, "restarts", progress.Text("restarts"));
        Add(text, "command", string.Join(' ', spec.Items("command").Select(static part => Terminal.Quoted(part.GetString() ?? ""))));
        if (job.Object("stop") is { } stop)
            Add(text, "stopping", $"to {stop.Text("goal")}, by {stop.Time("by")}{Brackets(stop.Text("reason"))}");
        Add(text, "lost nodes", string.Join(", ", job.Items("lostNodes").Select(static node => node.GetString())));
        if (job.Object("placement") is { } placement)
            Place(text, placement);
        return text.ToString().TrimEnd();
    }

    public static string Preview(JsonElement preview)
    {
        var text = new StringBuilder();
        Add(text, "verdict", preview.Text("verdict") + Brackets(preview.Text("reason")));
        Add(text, "preempts", string.Join(", ", preview.Items("preempts").Select(static job => job.GetString())));
        if (preview.Object("placement") is { } placement)
            Place(text, placement);
        return text.ToString().TrimEnd();
    }

    public static string Explanation(JsonElement explanation)
    {
        var text = new StringBuilder();
        Add(text, "job", explanation.Text("job"));
        Add(text, "state", explanation.Text("state"));
        Add(text, "why", explanation.Text("reason"));
        Add(text, "jobs before it", explanation.Text("position"));
        Add(text, "expected start", explanation.Time("expectedStart"));
        if (explanation.Text("gpusNeeded") is { Length: > 0 } needed)
            Add(text, "GPUs", $"{needed} needed, {explanation.Text("gpusSuitable")} suitable, {explanation.Text("gpusFree")} of them free");
        foreach (var other in explanation.Items("alternatives"))
            Add(text, "with", $"{other.Text("strategy")}: {(other.Text("ringNsPerByte") is { Length: > 0 } ? $"{other.Decimal("ringNsPerByte")} ns per byte" : "no place")}");
        Add(text, "tenant usage", explanation.Decimal("tenantUsage"));
        return text.ToString().TrimEnd();
    }

    public static string Event(JsonElement happened)
    {
        var line = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{happened.Number("sequence"),5}  {happened.Time("at")}  {Terminal.Clean(happened.Text("state")),-13}  {Terminal.Clean(happened.Text("kind"))}");
        if (happened.Text("reason") is { Length: > 0 } reason)
            line.Append("  ").Append(Terminal.Quoted(reason));
        foreach (var detail in happened.Members("data"))
            line.Append(CultureInfo.InvariantCulture, $"  {Terminal.Clean(detail.Name)}={Terminal.Quoted(detail.Value.GetString() ?? "")}");
        if (happened.Text("actor") is { Length: > 0 } who)
            line.Append("  ").Append(Terminal.Clean(By(who)));
        return line.ToString();
    }

    private static string[] Row(JsonElement job)
    {
        var spec = job.GetProperty("spec");
        var gpus = job.Object("placement") is { } placement ? placement.Text("ranks") : "-";
        var step = job.GetProperty("progress").Text("step");
        return [job.Text("id"), spec.Text("name"), spec.Text("tenant"), job.Text("state"), job.Text("desiredWorkers"), gpus, spec.Text("priority"), step.Length > 0 ? step : "-", job.Time("since"), job.Text("reason")];
    }

    private static void Place(StringBuilder text, JsonElement placement)
    {
        Add(text, "placed", Joined(": ", placement.Text("strategy"), placement.Text("why")));
        text.AppendLine().AppendLine(Terminal.Table(GroupColumns, placement.Items("groups").Select(static group =>
        {
            var (first, count) = (group.Number("firstRank"), group.Items("gpus").Count());
            string[] row = [group.Text("node"), group.Text("cell"), group.Text("workers"), $"{first}-{first + count - 1}", string.Join(',', group.Items("gpus").Select(static gpu => gpu.GetString()))];
            return row;
        })));
    }

    private static void Add(StringBuilder text, string label, string value)
    {
        if (value.Length > 0)
            text.Append(label.PadRight(LabelWidth)).Append("  ").AppendLine(Terminal.Clean(value));
    }

    private static string Limits(JsonElement spec)
    {
        var limits = Joined(", ", spec.Text("minWorkers") is { Length: > 0 } min ? $"at least {min}" : "", spec.Text("maxWorkers") is { Length: > 0 } max ? $"at most {max}" : "");
        return limits.Length > 0 ? $"; {limits}" : "";
    }

    private static string Joined(string separator, params IEnumerable<string> parts) => string.Join(separator, parts.Where(static part => part.Length > 0));

    private static string Brackets(string text) => text.Length > 0 ? $" ({text})" : "";

    private static string By(string actor) => actor.Length > 0 ? $"by {actor}" : "";
}
