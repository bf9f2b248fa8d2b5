using InferMesh.Grains.Abstractions;
using InferMesh.Grains.Abstractions.Policies;

namespace InferMesh.Api.Endpoints.Objects.Kinds;

/// <summary>Why a change that was checked was refused after all.</summary>
internal static class Refusals
{
    public static Written Of(PolicyStatus status, long current, long expected, IReadOnlyList<FieldError> errors) =>
        status == PolicyStatus.Accepted ? new(current, null) : Stale(current, expected, errors);

    public static Written Stale(long current, long expected, IReadOnlyList<FieldError> errors) => new(current, errors.Count > 0
        ? string.Join(" ", errors.Select(e => e.Field.Length > 0 ? $"{e.Field}: {e.Message}" : e.Message))
        : FormattableString.Invariant($"Version {current} is current now, not {expected} that the difference was made of: apply again."));
}
