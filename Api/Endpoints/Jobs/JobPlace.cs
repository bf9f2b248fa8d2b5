using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using InferMesh.Api.Http;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>
/// Where a page of jobs ended, for cursors of all planes: when its last job was submitted, and its id. The mesh compares it and looks nothing up, so the job may be forgotten meanwhile, and a
/// place that somebody made up tells nothing of another's job.
/// </summary>
internal static class JobPlace
{
    /// <summary>The place of a job.</summary>
    public static string Of(MeshJob job) => FormattableString.Invariant($"{job.SubmittedAt.UtcTicks}/{job.Id}");

    /// <summary>Whether a text is a place.</summary>
    public static bool IsOne(string text) => TryRead(text, out _, out _);

    /// <summary>The query for what comes after a place; "" is the beginning.</summary>
    public static JobQuery From(this JobQuery query, string place) =>
        TryRead(place, out var submitted, out var id) ? query with { After = id, AfterSubmitted = submitted } : query;

    private static bool TryRead(string text, out long submitted, [NotNullWhen(true)] out string? id)
    {
        var at = text.IndexOf('/', StringComparison.Ordinal);
        submitted = 0;
        id = at < 0 ? null : text[(at + 1)..];
        return id is not null && Names.IsValid(id) && long.TryParse(text.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out submitted);
    }
}
