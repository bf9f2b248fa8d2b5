using System.Reflection;
using System.Runtime.Loader;
using InferMesh.Strategies.Plugins;

namespace InferMesh.Strategies.Hosting.DotNet;

/// <summary>The assemblies of one plugin. The contract is the host's own, so that types are the same on both sides; all else comes from the package first, then from the framework.</summary>
internal sealed class PluginContext(string name, IReadOnlyDictionary<string, byte[]> files) : AssemblyLoadContext(name, isCollectible: true)
{
    private static readonly string Contract = typeof(IStrategyPlugin).Assembly.GetName().Name!;

    public Assembly Load(string file)
    {
        using var image = new MemoryStream(files[file]);
        return LoadFromStream(image);
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name != Contract && files.ContainsKey($"{assemblyName.Name}.dll") ? Load($"{assemblyName.Name}.dll") : null;

    protected override nint LoadUnmanagedDll(string unmanagedDllName) => throw new DllNotFoundException($"'{unmanagedDllName}': plugins have no native code, which could not be unloaded.");
}
