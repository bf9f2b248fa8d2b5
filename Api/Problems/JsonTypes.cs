using System.Text.Json;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Grains.Abstractions.Policies;
using InferMesh.Grains.Abstractions.Routing;

namespace InferMesh.Api.Problems;

/// <summary>What a caller may write where the reader expects a type.</summary>
internal static class JsonTypes
{
    private static readonly Type[] Enums = [typeof(PolicyKind), typeof(OutcomeStatus), typeof(JobDomain)];

    /// <summary>Describes a type by the name that the reader gives it in its message.</summary>
    public static string Describe(string typeName)
    {
        if (Enums.FirstOrDefault(type => typeName.Contains(type.Name, StringComparison.Ordinal)) is { } known) return OneOf(known);
        if (typeName.Contains("Dictionary", StringComparison.Ordinal)) return "an object";
        if (typeName.Contains("List", StringComparison.Ordinal)) return "an array";
        if (typeName.Contains("System.String", StringComparison.Ordinal)) return "a text";
        if (typeName.Contains("System.Boolean", StringComparison.Ordinal)) return "true or false";
        if (typeName.Contains("System.Int32", StringComparison.Ordinal)) return $"a whole number of at most {int.MaxValue}";
        if (typeName.Contains("System.Int64", StringComparison.Ordinal)) return "a whole number";
        if (typeName.Contains("System.Double", StringComparison.Ordinal)) return "a finite number";
        if (typeName.Contains("System.DateTimeOffset", StringComparison.Ordinal)) return "a time such as 2026-01-31T12:00:00Z";
        return "an object";
    }

    public static string OneOf(Type type) => "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName));
}
