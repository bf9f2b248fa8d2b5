namespace InferMesh.Api.Endpoints;

/// <summary>What is unknown is absent on the wire, never 0 and never "".</summary>
internal static class Views
{
    public static double? Known(double? value) => value is { } number && double.IsFinite(number) ? number : null;

    public static string? Known(string text) => text.Length > 0 ? text : null;
}
