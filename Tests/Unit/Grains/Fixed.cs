using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.Grains;

/// <summary>Options that never change.</summary>
internal sealed class Fixed<T>(T value) : IOptionsMonitor<T>
{
    public T CurrentValue { get; } = value;

    public T Get(string? name) => CurrentValue;

    public IDisposable? OnChange(Action<T, string?> listener) => null;
}
