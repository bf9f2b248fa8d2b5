using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace InferMesh.Cli.Operator.Apply;

/// <summary>A manifest and what the mesh says would become of it.</summary>
internal sealed record PlannedDocument(ManifestDocument Document, JsonElement Item)
{
    public string Action => Item.Text("action");

    public string Title => $"{Item.Text("kind")}/{Item.Text("name")}";

    public string Reason => Item.Text("reason");

    /// <summary>What it changes, as a unified diff of YAML; "" when nothing.</summary>
    public string Diff(bool colours) => Action is "unchanged" ? "" : UnifiedDiff.Of(Title, Yaml("before"), Yaml("after"), colours);

    private string Yaml(string member) => Item.Object(member) is { } spec ? YamlText.Of(spec) : "";
}

/// <summary>
/// Manifests in parts that a call may carry: first all of them are checked and compared, then each part is written. A part names the versions that the first look saw, so that what changed
/// in between is a conflict and not lost.
/// </summary>
internal sealed class ApplyPlan(ApiClient api, IReadOnlyList<ManifestDocument> documents)
{
    private const string Path = "/api/v1/objects:apply";
    private const int MaxObjects = 200;
    private const int MaxCharacters = 500_000;
    private static readonly string[] Problems = ["documents", "items"];

    /// <summary>What is wrong, a line each; then nothing may be written.</summary>
    public List<string> Errors { get; } = [];

    public List<PlannedDocument> Planned { get; } = [];

    /// <summary>Compares all with what is there.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        foreach (var part in Parts(documents))
        {
            using var answer = await SendAsync(part.Select(static d => d.Content), "?dryRun=true", cancellationToken);
            foreach (var error in answer.RootElement.Items("documents"))
                Errors.Add(Terminal.Clean(Line(part[(int)error.Number("index")], error)));
            Planned.AddRange(answer.RootElement.Items("items").Select(item => new PlannedDocument(part[(int)item.Number("index")], item.Clone())));
        }
    }

    /// <summary>Writes what differs, part by part; ends with the part in which something could not be written.</summary>
    /// <returns>What became of each object, those whose part was not sent as <c>not_applied</c>.</returns>
    public async Task<IReadOnlyList<PlannedDocument>> WriteAsync(CancellationToken cancellationToken)
    {
        var done = new List<PlannedDocument>();
        var stopped = false;
        foreach (var part in Parts(Planned, static p => p.Document))
        {
            if (stopped)
            {
                done.AddRange(part.Select(static p => p.Action == "unchanged" ? p : With(p, "not_applied", "")));
                continue;
            }

            try
            {
                using var answer = await SendAsync(part.Select(Pinned), "", cancellationToken);
                done.AddRange(answer.RootElement.Items("items").Select(item => new PlannedDocument(part[(int)item.Number("index")].Document, item.Clone())));
                // What was right a moment ago is not any more.
                done.AddRange(answer.RootElement.Items("documents").Select(error => With(part[(int)error.Number("index")], "failed", $"{error.Text("field")} {error.Text("message")}")));
            }
            catch (CommandFailedException exception)
            {
                done.AddRange(part.Select(p => p.Action == "unchanged" ? p : With(p, "failed", $"{exception.Message}; it may have been applied")));
            }

            stopped = done.Exists(static p => p.Action is "conflict" or "failed" or "not_applied");
        }

        return done;
    }

    private static PlannedDocument With(PlannedDocument planned, string action, string reason)
    {
        var item = JsonObject.Create(planned.Item)!;
        (item["action"], item["reason"]) = (action, reason);
        return planned with { Item = JsonSerializer.SerializeToElement(item) };
    }

    private static JsonObject Pinned(PlannedDocument planned)
    {
        var content = planned.Document.Content.DeepClone().AsObject();
        content["metadata"]!["version"] = planned.Item.Number("version");
        return content;
    }

    private static string Line(ManifestDocument document, JsonElement error)
    {
        var what = string.Join(' ', new[] { error.Text("kind"), error.Text("name") }.Where(static t => t.Length > 0));
        return $"{document.Source}: {what}{(what.Length > 0 ? ": " : "")}{error.Text("field")} {error.Text("message")}";
    }

    private static List<List<ManifestDocument>> Parts(IReadOnlyList<ManifestDocument> all) => Parts(all, static d => d);

    private static List<List<T>> Parts<T>(IReadOnlyList<T> all, Func<T, ManifestDocument> documentOf)
    {
        var parts = new List<List<T>>();
        var characters = 0;
        foreach (var item in all)
        {
            var size = documentOf(item).Content.ToJsonString().Length;
            if (parts is not [.., var last] || last.Count >= MaxObjects || characters + size > MaxCharacters)
            {
                parts.Add(last = []);
                characters = 0;
            }

            last.Add(item);
            characters += size;
        }

        return parts;
    }

    private Task<JsonDocument> SendAsync(IEnumerable<JsonObject> manifests, string query, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["objects"] = new JsonArray([.. manifests.Select(static m => m.DeepClone())]) };
        return api.SendForDetailsAsync(Path + query, body.ToJsonString(), Problems, cancellationToken);
    }

    /// <summary>How many objects there are of each action, in words.</summary>
    public static string Counts(IReadOnlyList<PlannedDocument> planned) =>
        string.Join(", ", planned.GroupBy(static p => p.Action).Select(static g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} {g.Key.Replace('_', ' ')}")));
}
