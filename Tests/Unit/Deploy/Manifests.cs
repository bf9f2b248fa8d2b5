using k8s;
using k8s.Models;

namespace InferMesh.Tests.Unit.Deploy;

/// <summary>The manifests, read into the types of Kubernetes' own API: a key that the API does not know is an error.</summary>
internal static class Manifests
{
    // Defined by an operator, so in no client.
    private const string Foreign = "monitoring.coreos.com/";

    public static IReadOnlyList<string> Base => Files("kubernetes");

    public static IReadOnlyList<string> Optional => Files("kubernetes/optional");

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> All { get; } = [.. Base.Concat(Optional).SelectMany(file => Read(DeployFiles.Read(file)))];

    public static IEnumerable<T> Of<T>() => All.OfType<T>();

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Read(string text) =>
        [.. KubernetesYaml.LoadAllFromString(string.Join("\n---\n", text.Split("\n---\n").Where(document => !document.Contains($"apiVersion: {Foreign}", StringComparison.Ordinal))), null, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];

    /// <summary>What runs pods, and those pods.</summary>
    public static IEnumerable<(string Name, V1PodTemplateSpec Template)> Pods =>
        Of<V1Deployment>().Select(d => (d.Name(), d.Spec.Template)).Concat(Of<V1StatefulSet>().Select(s => (s.Name(), s.Spec.Template))).Concat(Of<V1DaemonSet>().Select(d => (d.Name(), d.Spec.Template)));

    private static List<string> Files(string folder) => [.. Directory.GetFiles(DeployFiles.Path(folder), "*.yaml").Select(file => $"{folder}/{Path.GetFileName(file)}").Order(StringComparer.Ordinal)];
}
