using System.Reflection;

namespace InferMesh.Tests.Unit.Api.Fakes;

/// <summary>A cluster client whose grains are objects of this process: asks a function for the grain of an interface and key.</summary>
public class FakeCluster : DispatchProxy
{
    private Func<Type, object, object> _grains = (type, key) => throw new NotSupportedException($"No fake of {type.Name} for {key}.");

    public static IClusterClient Of(Func<Type, object, object> grains)
    {
        var client = Create<IClusterClient, FakeCluster>();
        ((FakeCluster)(object)client)._grains = grains;
        return client;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod is { Name: nameof(IGrainFactory.GetGrain), IsGenericMethod: true }
            ? _grains(targetMethod.GetGenericArguments()[0], args![0]!)
            : throw new NotSupportedException($"{targetMethod?.Name} is not faked.");
}
