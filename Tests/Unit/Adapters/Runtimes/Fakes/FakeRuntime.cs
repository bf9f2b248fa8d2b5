using System.Globalization;
using System.Text;

namespace InferMesh.Tests.Unit.Adapters.Runtimes.Fakes;

/// <summary>What a fake server of one kind of runtime answers, from that runtime's public interface.</summary>
internal abstract class FakeRuntime
{
    /// <summary>The model that every fake serves.</summary>
    public const string Model = "m";

    public abstract string Kind { get; }

    /// <summary>Path of the health check; null where the runtime has none of its own.</summary>
    public virtual string? Health => "/health";

    /// <summary>Path of the document that lists the models.</summary>
    public virtual string Inventory => "/v1/models";

    /// <summary>Path of the metrics page; null where there is none.</summary>
    public virtual string? Metrics => "/metrics";

    /// <summary>Every JSON document by path, the list of models among them.</summary>
    public abstract IReadOnlyDictionary<string, string> Documents { get; }

    /// <summary>The metrics page after this many requests, each with the same latency of half a second and 10 output tokens.</summary>
    public virtual string Page(int finished) => "";

    /// <summary>A page of a process that is younger than the one of <see cref="Page"/> with 10 requests.</summary>
    public string RestartedPage => Page(1);

    /// <summary>Makes a server answer as the runtime does while it loads; false where the runtime cannot tell.</summary>
    public virtual bool Load(FakeRuntimeServer server) => false;

    public void Serve(FakeRuntimeServer server, string prefix = "", int finished = 10)
    {
        if (Health is { } health)
            server.On(prefix + health, "");
        foreach (var (path, body) in Documents)
            server.On(prefix + path, body, type: "application/json");
        if (Metrics is { } metrics)
            server.On(prefix + metrics, Page(finished));
    }

    protected const string OpenAiList = """{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"x"}]}""";

    protected static string Lines(params FormattableString[] lines) =>
        string.Concat(lines.Select(line => line.ToString(CultureInfo.InvariantCulture) + "\n"));

    /// <summary>Observations spread evenly over the only finite bucket, which ends at a second.</summary>
    /// <param name="name">Name without suffix.</param>
    /// <param name="labels">Labels with a trailing comma, or "".</param>
    /// <param name="count">Observations.</param>
    /// <param name="second">A second in the histogram's unit.</param>
    protected static string Histogram(string name, string labels, int count, double second = 1)
    {
        var page = new StringBuilder();
        page.Append(Lines($"# TYPE {name} histogram", $"{name}_bucket{{{labels}le=\"{second}\"}} {count}", $"{name}_bucket{{{labels}le=\"+Inf\"}} {count}"));
        var plain = labels.Length > 0 ? $"{{{labels.TrimEnd(',')}}}" : "";
        return page.Append(Lines($"{name}_sum{plain} {count * 0.5 * second}", $"{name}_count{plain} {count}")).ToString();
    }
}
