namespace InferMesh.Api.Http;

/// <summary>Type of a query parameter.</summary>
internal enum QueryType
{
    Text,
    WholeNumber,
    Flag,
}

/// <summary>A query parameter of an endpoint: read by <see cref="QueryReader"/>, shown in the OpenAPI document.</summary>
/// <param name="Name">Name.</param>
/// <param name="Description">What it does.</param>
internal sealed record QueryParameter(string Name, string Description)
{
    public QueryType Type { get; init; }

    /// <summary>May be given several times.</summary>
    public bool Repeats { get; init; }

    /// <summary>Values that are allowed; empty allows all.</summary>
    public IReadOnlyList<string> Allowed { get; init; } = [];

    public long? Min { get; init; }

    public long? Max { get; init; }

    public long? Default { get; init; }
}

internal static class QueryParameterExtensions
{
    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder endpoint, params QueryParameter[] parameters)
    {
        foreach (var parameter in parameters)
            endpoint.WithMetadata(parameter);
        return endpoint;
    }
}
