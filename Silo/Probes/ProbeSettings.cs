using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace InferMesh.Silo.Probes;

/// <summary>Where the silo reads the GPUs of its machine.</summary>
internal enum ProbeGpuSource
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>NVIDIA's management library.</summary>
    Nvml,

    /// <summary>The page of a dcgm-exporter.</summary>
    Dcgm,

    /// <summary>NVIDIA's tool.</summary>
    NvidiaSmi,

    /// <summary>AMD's tools: amd-smi, else rocm-smi.</summary>
    Rocm,

    /// <summary>The first of NVML, nvidia-smi and AMD's tools that sees a GPU.</summary>
    Auto,
}

/// <summary>
/// Section <c>InferMesh:Probes</c>: lets the silo report the machine that it runs on, without an agent. At most one silo of a machine may.
/// </summary>
internal sealed class ProbeSettings : IValidatableObject
{
    public const string Section = "InferMesh:Probes";
    private const string NamePattern = "[A-Za-z0-9][A-Za-z0-9._-]{0,127}";
    private const string NameForm = "must be 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit";

    /// <summary>Whether the silo probes. Default false.</summary>
    public bool Enabled { get; set; }

    /// <summary>Node id. Default: the host's name.</summary>
    [Required]
    public string NodeId { get; set; } = Environment.MachineName;

    /// <summary>Cell. Default <c>default</c>.</summary>
    [Required, RegularExpression(NamePattern, ErrorMessage = NameForm)]
    public string Cell { get; set; } = "default";

    /// <summary>Zone; "" (default) when unknown.</summary>
    [RegularExpression(NamePattern, ErrorMessage = NameForm)]
    public string Zone { get; set; } = "";

    /// <summary>Region; "" (default) when unknown.</summary>
    [RegularExpression(NamePattern, ErrorMessage = NameForm)]
    public string Region { get; set; } = "";

    /// <summary>What fails together with this machine; "" (default) means its zone.</summary>
    [RegularExpression(NamePattern, ErrorMessage = NameForm)]
    public string FailureDomain { get; set; } = "";

    /// <summary>Time between reports, and between reads of the GPUs and of each runtime. Default 1 s, 0.1 s to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>None (default), Nvml, Dcgm, NvidiaSmi, Rocm or Auto.</summary>
    public ProbeGpuSource Gpu { get; set; } = ProbeGpuSource.None;

    /// <summary>NVML library file. Default: where drivers install it.</summary>
    public string? GpuLibraryPath { get; set; }

    /// <summary>File of the tool, for NvidiaSmi and Rocm. Default: where drivers install it.</summary>
    public string? GpuToolPath { get; set; }

    /// <summary>Page of the dcgm-exporter, for Dcgm. Default <c>http://127.0.0.1:9400/metrics</c>.</summary>
    public string? GpuEndpoint { get; set; }

    /// <summary>Runtimes of the machine. Default none.</summary>
    public IList<RuntimeProbeSettings> Runtimes { get; } = [];

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        // The host's name is not this section's fault while nobody asks for probes.
        if (Enabled && !new RegularExpressionAttribute(NamePattern).IsValid(NodeId))
            yield return new ValidationResult($"\"{NodeId}\" {NameForm}", [nameof(NodeId)]);
        if (GpuLibraryPath is not null && Gpu != ProbeGpuSource.Nvml)
            yield return new ValidationResult("is for Gpu = Nvml only; remove it", [nameof(GpuLibraryPath)]);
        if (GpuToolPath is not null && Gpu is not (ProbeGpuSource.NvidiaSmi or ProbeGpuSource.Rocm))
            yield return new ValidationResult("is for Gpu = NvidiaSmi or Rocm only; remove it", [nameof(GpuToolPath)]);
        if (GpuEndpoint is not null && Gpu != ProbeGpuSource.Dcgm)
            yield return new ValidationResult("is for Gpu = Dcgm only; remove it", [nameof(GpuEndpoint)]);
        else if (GpuEndpoint is not null && !RuntimeProbeSettings.IsAddress(GpuEndpoint))
            yield return new ValidationResult($"\"{GpuEndpoint}\" must be an http(s) address without a password, such as http://127.0.0.1:9400/metrics", [nameof(GpuEndpoint)]);
        var endpoints = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < Runtimes.Count; i++)
        {
            foreach (var (key, message) in Runtimes[i].Errors())
                yield return new ValidationResult(message, [string.Create(CultureInfo.InvariantCulture, $"{nameof(Runtimes)}:{i}:{key}")]);
            if (!endpoints.Add(Runtimes[i].Endpoint))
                yield return new ValidationResult("is listed twice", [string.Create(CultureInfo.InvariantCulture, $"{nameof(Runtimes)}:{i}:{nameof(RuntimeProbeSettings.Endpoint)}")]);
        }
    }
}
