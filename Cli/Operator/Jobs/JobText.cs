using System.Globalization;
using System.Text;
using System.Text.Json;
using InferMesh.Cli.Operator.Output;

namespace InferMesh.Cli.Operator.Jobs;

/// <summary>Jobs as people read them.</summary>
internal static class JobText
{
    private static readonly string[] GroupColumns = ["NODE", "CELL", "WORKERS", "RANKS", "GPUS"];

    /// <summary>Jobs in a table, or one at length.</summary>
    public static View View { get; } = new("job",
    [
        Column.Of("ID", "id"), Column.Of("NAME", "spec.name"), Column.Of("TENANT", "spec.tenant"), Column.State("STATE", "state"), Column.Of("WORKERS", "desiredWorkers"), Column.Of("GPUS", "placement.ranks"),
        Column.Of("PRIORITY", "spec.priority"), Column.Of("STEP", "progress.step"), Column.Time("SINCE", "since"), Column.Of("REASON", "reason"),
        Column.Of("PROJECT", "spec.project").Wide(), Column.Of("GPUS/WORKER", "spec.gpusPerWorker").Wide(), Column.Of("STRATEGY", "placement.strategy").Wide(), Column.Time("SUBMITTED", "submittedAt").Wide(),
        Column.Of("BY", "submittedBy").Wide(), Column.Of("RESTARTS", "progress.restarts").Wide(),
    ])
    { Name = static job => job.Text("id"), Detail = Detail };

    /// <summary>A job in one line.</summary>
    public static View LineView { get; } = View.OfText("job", "id", Line);

    /// <summary>What would become of a job.</summary>
    public static View PreviewView { get; } = View.OfText("job", "verdict", Preview);

    /// <summary>Why a job is where it is.</summary>
    public static View ExplanationView { get; } = View.OfText("job", "job", Explanation);

    /// <summary>What happened to a job.</summary>
    public static View EventView { get; } = View.OfText("event", "sequence", Event);

    /// <summary>A job in one line.</summary>
    public static string Line(JsonElement job) => Terminal.Clean($"{job.Text("id")}  {job.Text("state")}{Brackets(job.Text("reason"))}");

    private static string Detail(JsonElement job)
    {
        var (spec, progress) = (job.GetProperty("spec"), job.GetProperty("progress"));
        var text = new FieldText();
        text.Add("id", job.Text("id"));
        text.Add("name", spec.Text("name"));
        text.Add("tenant", Joined("/", spec.Text("tenant"), spec.Text("project")));
        text.Add("state", job.Text("state") + Brackets(job.Text("reason")));
        text.Add("since", job.Time("since"));
        text.Add("submitted", $"{job.Time("submittedAt")} {By(job.Text("submittedBy"))}");
        text.Add("started", job.Time("startedAt"));
        text.Add("ended", job.Time("endedAt"));
        text.Add("workers", $"{job.Text("desiredWorkers")} of {spec.Text("gpusPerWorker")} GPUs{Limits(spec)}");
        text.Add("priority", spec.Text("priority"));
        text.Add("step", Joined(", ", progress.Text("step"), progress.Text("stepSeconds") is { Length: > 0 } ? $"{progress.Decimal("stepSeconds")} s each" : ""));
        text.Add("checkpoint", Joined(" at ", progress.Text("checkpointStep"), progress.Text("checkpointRef")));
        text.Add("restarts", progress.Text("restarts"));
        text.Add("command", string.Join(' ', spec.Items("command").Select(static part => Terminal.Quoted(part.GetString() ?? ""))));
        if (job.Object("stop") is { } stop)
            text.Add("stopping", $"to {stop.Text("goal")}, by {stop.Time("by")}{Brackets(stop.Text("reason"))}");
        text.Add("lost nodes", string.Join(", ", job.Items("lostNodes").Select(static node => node.GetString())));
        if (job.Object("placement") is { } placement)
            Place(text, placement);
        return text.ToString();
    }

    private static string Preview(JsonElement preview)
    {
        var text = new FieldText();
        text.Add("verdict", preview.Text("verdict") + Brackets(preview.Text("reason")));
        text.Add("preempts", string.Join(", ", preview.Items("preempts").Select(static job => job.GetString())));
        if (preview.Object("placement") is { } placement)
            Place(text, placement);
        return text.ToString();
    }

    private static string Explanation(JsonElement explanation)
    {
        var text = new FieldText();
        text.Add("job", explanation.Text("job"));
        text.Add("state", explanation.Text("state"));
        text.Add("why", explanation.Text("reason"));
        text.Add("jobs before it", explanation.Text("position"));
        text.Add("expected start", explanation.Time("expectedStart"));
        if (explanation.Text("gpusNeeded") is { Length: > 0 } needed)
            text.Add("GPUs", $"{needed} needed, {explanation.Text("gpusSuitable")} suitable, {explanation.Text("gpusFree")} of them free");
        foreach (var other in explanation.Items("alternatives"))
            text.Add("with", $"{other.Text("strategy")}: {(other.Text("ringNsPerByte") is { Length: > 0 } ? $"{other.Decimal("ringNsPerByte")} ns per byte" : "no place")}");
        text.Add("tenant usage", explanation.Decimal("tenantUsage"));
        return text.ToString();
    }

    private static string Event(JsonElement happened)
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

    private static void Place(FieldText text, JsonElement placement) => text.Add("placed", Joined(": ", placement.Text("strategy"), placement.Text("why")))
        .Table(GroupColumns, placement.Items("groups").Select(static group =>
        {
            var (first, count) = (group.Number("firstRank"), group.Items("gpus").Count());
            string[] row = [group.Text("node"), group.Text("cell"), group.Text("workers"), $"{first}-{first + count - 1}", group.Words("gpus")];
            return row;
        }));

    private static string Limits(JsonElement spec)
    {
        var limits = Joined(", ", spec.Text("minWorkers") is { Length: > 0 } min ? $"at least {min}" : "", spec.Text("maxWorkers") is { Length: > 0 } max ? $"at most {max}" : "");
        return limits.Length > 0 ? $"; {limits}" : "";
    }

    private static string Joined(string separator, params IEnumerable<string> parts) => string.Join(separator, parts.Where(static part => part.Length > 0));

    private static string Brackets(string text) => text.Length > 0 ? $" ({text})" : "";

    private static string By(string actor) => actor.Length > 0 ? $"by {actor}" : "";
}
