using System.Reflection;

namespace InferMesh.Adapters.Gpu;

/// <summary>The properties of a reading that are null, so that every null gets its reason.</summary>
internal static class UnreadFields
{
    /// <summary>Names of the properties that are null.</summary>
    public static string[] Of<T>(T reading)
        where T : class => [.. Properties<T>.All.Where(property => property.GetValue(reading) is null).Select(property => property.Name)];

    /// <summary>A reason for every property that is null: the one noted, else <paramref name="otherwise"/>. Notes on what was found after all are dropped.</summary>
    public static IReadOnlyDictionary<string, string> Reasons<T>(T reading, MissingFields noted, string otherwise)
        where T : class
    {
        var reasons = new MissingFields();
        foreach (var field in Of(reading))
            reasons.Add(field, noted.Reason(field) ?? otherwise);
        return reasons.ToReadOnly();
    }

    private static class Properties<T>
    {
        public static readonly PropertyInfo[] All = typeof(T).GetProperties();
    }
}
