namespace InferMesh.Api.Ingress.Models;

/// <summary>A model as the OpenAI list shows it, with two facts more.</summary>
/// <param name="Id">Name that requests use.</param>
/// <param name="Created">When a node last reported it, Unix seconds.</param>
/// <param name="Replicas">Runtimes that serve it.</param>
/// <param name="Synthetic">True when all of them are simulated.</param>
internal sealed record ServedModel(string Id, long Created, int Replicas, bool Synthetic);
