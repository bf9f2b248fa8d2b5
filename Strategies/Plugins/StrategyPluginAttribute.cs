namespace InferMesh.Strategies.Plugins;

/// <summary>Says which class of an assembly is a plugin, and by which version of the contract it was written. An assembly may have several.</summary>
/// <param name="contract">Version of the contract: <see cref="Contract"/> as it was when the plugin was compiled.</param>
/// <param name="plugin">A public class with a constructor without parameters that implements <see cref="IRoutingPlugin"/> or <see cref="ITrainingPlugin"/>.</param>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
public sealed class StrategyPluginAttribute(int contract, Type plugin) : Attribute
{
    /// <summary>The contract that this package describes. It grows when what is written for the one before would no longer load or would mean something else.</summary>
    public const int Contract = 1;

    /// <summary>Contract that the plugin was written for.</summary>
    public int PluginContract { get; } = contract;

    /// <summary>The plugin.</summary>
    public Type Plugin { get; } = plugin;
}
