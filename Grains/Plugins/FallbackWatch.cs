using InferMesh.Strategies.Hosting;

namespace InferMesh.Grains.Plugins;

/// <summary>Whether the fallback of a plugin has ranked for a decision: a decision is made on one thread, without a pause, and each plugin tells on it who ranked.</summary>
internal static class FallbackWatch
{
    [ThreadStatic]
    private static bool s_fellBack;

    /// <summary>Whether it has, on this thread, since <see cref="Begin"/>.</summary>
    public static bool FellBack => s_fellBack;

    /// <summary>A decision begins on this thread.</summary>
    public static void Begin() => s_fellBack = false;

    /// <summary>What plugins tell of each ranking.</summary>
    public static void Asked(PluginFailure failure) => s_fellBack |= failure != PluginFailure.None;
}
