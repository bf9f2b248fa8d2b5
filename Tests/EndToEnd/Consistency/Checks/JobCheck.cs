namespace InferMesh.Tests.EndToEnd.Consistency.Checks;

/// <summary>One submission of a job. Its name is unique, or that of all submissions with the same token.</summary>
internal sealed record Submission
{
    public required long Id { get; init; }

    /// <summary>Name of the job.</summary>
    public required string Name { get; init; }

    /// <summary>Token of the client; null for none.</summary>
    public string? Token { get; init; }

    public string Through { get; init; } = "";

    public required TimeSpan Invoked { get; init; }

    public TimeSpan Completed { get; init; }

    public Outcome Outcome { get; init; } = Outcome.Unknown;

    /// <summary>Id that the answer gave the job.</summary>
    public string? Job { get; init; }

    /// <summary>The answer said that this call made the job.</summary>
    public bool Created { get; init; }

    public string Detail { get; init; } = "";
}

/// <summary>A job that is stored.</summary>
internal sealed record StoredJob(string Id, string Name);

/// <summary>Checks jobs: one per token, each acknowledged one is there, none is there twice or by a refused call.</summary>
internal static class JobCheck
{
    /// <param name="submissions">All submissions.</param>
    /// <param name="stored">All jobs when all was over; null while the run goes on.</param>
    public static IReadOnlyList<string> Run(IReadOnlyList<Submission> submissions, IReadOnlyList<StoredJob>? stored = null)
    {
        var found = new List<string>();
        var acknowledged = submissions.Where(static s => s.Outcome == Outcome.Ok).ToArray();
        foreach (var name in acknowledged.GroupBy(static s => s.Name))
        {
            var ids = name.Select(static s => s.Job).Distinct().ToArray();
            if (ids.Length > 1) found.Add($"submissions of {name.Key} are {ids.Length} jobs: {string.Join("; ", name)}");
            if (name.Key is not null && name.Count(static s => s.Created) > 1) found.Add($"job {ids[0]} was made more than once: {string.Join("; ", name.Where(static s => s.Created))}");
        }
        if (stored is null) return found;

        var jobs = stored.ToLookup(static j => j.Name, static j => j.Id);
        foreach (var lost in acknowledged.Where(s => !jobs[s.Name].Contains(s.Job))) found.Add($"lost: {lost}");
        foreach (var many in jobs.Where(static j => j.Count() > 1)) found.Add($"{many.Key} is {many.Count()} jobs: {string.Join(", ", many)}");
        var possible = submissions.Where(static s => s.Outcome != Outcome.Refused).Select(static s => s.Name).ToHashSet();
        foreach (var wrong in jobs.Where(j => !possible.Contains(j.Key))) found.Add($"nobody submitted {wrong.Key}, or all were refused: {string.Join(", ", wrong)}");
        return found;
    }
}
