namespace InferMesh.Api.Ingress.Models;

/// <summary>A model, or an endpoint that is called like one, as the OpenAI list shows it, with two facts more.</summary>
/// <param name="Id">Name that requests use.</param>
/// <param name="Created">When a node last reported it, Unix seconds.</param>
/// <param name="Replicas">Runtimes that serve it.</param>
/// <param name="Synthetic">True when all of them are simulated.</param>
internal sealed record ServedModel(string Id, long Created, int Replicas, bool Synthetic)
{
    /// <summary>Kinds of runtime that serve it, such as <c>tgi</c>.</summary>
    public IReadOnlyList<string> Runtimes { get; init; } = [];

    /// <summary>For an endpoint: its live models; null for a model.</summary>
    public IReadOnlyList<string>? EndpointModels { get; init; }
}
