using System.Text;

namespace InferMesh.Cli.Operator.Backup;

/// <summary>A restore: first a look at everything, then everything is written, in parts that a call may carry.</summary>
internal sealed class RestoreRun(ApiClient api, BackupFile backup, IReadOnlyList<string> kinds, bool overwrite)
{
    private const int MaxObjects = 200;
    private const int MaxCharacters = 4_000_000;
    private const int PageSize = 500;

    /// <summary>How many objects of a kind had which action.</summary>
    public Dictionary<string, Dictionary<string, int>> Counts { get; private set; } = [];

    /// <summary>Objects that are not as they were saved, and why.</summary>
    public List<string> Kept { get; } = [];

    /// <summary>What stands against the restore, a line each.</summary>
    public async Task<List<string>> LookAsync(CancellationToken cancellationToken)
    {
        var obstacles = await SendAllAsync(dryRun: true, cancellationToken);
        if (!overwrite)
            obstacles.AddRange(await StrangersAsync(cancellationToken));
        return obstacles;
    }

    /// <exception cref="CommandFailedException">Not everything could be restored.</exception>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        Kept.Clear();
        if (await SendAllAsync(dryRun: false, cancellationToken) is [var first, ..] obstacles)
            throw new CommandFailedException(FormattableString.Invariant($"{obstacles.Count} objects were not restored, the first of them: {first}; the others were, and to restore again goes on"));
    }

    private async Task<List<string>> SendAllAsync(bool dryRun, CancellationToken cancellationToken)
    {
        Counts = [];
        var (obstacles, part, objects) = (new List<string>(), new StringBuilder(), 0);
        foreach (var saved in backup.Read())
        {
            if (!kinds.Contains(saved.Text("kind")))
                continue;
            part.Append(objects++ == 0 ? "" : ",").Append(saved.GetRawText());
            if (objects < MaxObjects && part.Length < MaxCharacters)
                continue;
            await SendAsync(part, dryRun, obstacles, cancellationToken);
            objects = 0;
        }

        if (objects > 0)
            await SendAsync(part, dryRun, obstacles, cancellationToken);
        return obstacles;
    }

    private async Task SendAsync(StringBuilder part, bool dryRun, List<string> obstacles, CancellationToken cancellationToken)
    {
        var body = $$"""{"objects":[{{part}}]}""";
        part.Clear();
        using var answer = await api.PostAsync($"/api/v1/backup:restore?dryRun={Flag(dryRun)}&overwrite={Flag(overwrite)}", body, null, cancellationToken);
        foreach (var item in answer.RootElement.Items("items"))
        {
            var (kind, action) = (item.Text("kind"), item.Text("action"));
            if (!Counts.TryGetValue(kind, out var counts))
                Counts[kind] = counts = [];
            counts[action] = counts.GetValueOrDefault(action) + 1;
            var line = $"{kind}/{item.Text("name")}: {item.Text("reason")}";
            if (action is "conflict" or "invalid")
                obstacles.Add(line);
            else if (action == "kept" && !dryRun)
                Kept.Add(line);
        }
    }

    /// <summary>Objects of the mesh that the backup does not have.</summary>
    private async Task<List<string>> StrangersAsync(CancellationToken cancellationToken)
    {
        var known = backup.Read().Select(static saved => (saved.Text("kind"), saved.Text("name"))).ToHashSet();
        var strangers = new List<string>();
        // Keys that the backup has not are no strangers: a restore adds to them.
        foreach (var kind in kinds.Intersect(ObjectKinds.All))
        {
            await foreach (var item in api.PagesAsync(FormattableString.Invariant($"/api/v1/objects?limit={PageSize}&kind={kind}"), cancellationToken))
            {
                if (item.Object("metadata") is { } metadata && !known.Contains((kind, metadata.Text("name"))))
                    strangers.Add($"{kind}/{metadata.Text("name")}: is there and not in the backup");
            }
        }

        return strangers;
    }

    private static string Flag(bool value) => value ? "true" : "false";
}
