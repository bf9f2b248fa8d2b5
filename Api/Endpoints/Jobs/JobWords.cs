using System.Text.Json;
using InferMesh.Grains.Abstractions.Jobs;

namespace InferMesh.Api.Endpoints.Jobs;

/// <summary>How states and levels are written where they are keys or parameters: as JSON writes them.</summary>
internal static class JobWords
{
    public static IReadOnlyDictionary<string, JobState> States { get; } = Enum.GetValues<JobState>().ToDictionary(Of);

    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
