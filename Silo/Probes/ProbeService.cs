using InferMesh.Adapters.Probing;
using InferMesh.Grains.Abstractions.Nodes;

namespace InferMesh.Silo.Probes;

/// <summary>Probes the silo's machine and reports it: one batch per interval, the newest readings only.</summary>
internal sealed partial class ProbeService(ProbeSettings settings, ITelemetrySink sink, TimeProvider time, ILogger<ProbeService> logger) : BackgroundService
{
    private static readonly TimeSpan FirstReadingsLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RegisterRetry = TimeSpan.FromSeconds(2);

    private long _sequence;
    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var client = Client();
        await using var probe = NodeProbe.Start(ProbeTargets.Create(settings, client, time), time);
        await probe.FirstReadings.WaitAsync(FirstReadingsLimit, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await ReportAsync(probe, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async Task ReportAsync(NodeProbe probe, CancellationToken stoppingToken)
    {
        var synthetic = probe.Current().Synthetic;
        if (!await RegisterAsync(synthetic, stoppingToken))
            return;
        var epoch = NodeEpoch.Begin(time);
        var ticks = probe.Ticks(settings.Interval);
        NodeReading? sent = null;
        while (true)
        {
            var reading = probe.Current();
            // A runtime that was down at the start may turn out to be an imitation.
            if (reading.Synthetic && !synthetic)
                synthetic = await RegisterAsync(synthetic: true, stoppingToken);
            if (!reading.IsEmpty && await PublishAsync(TelemetryMapping.ToTelemetry(settings.NodeId, epoch, ++_sequence, reading.Since(sent), time)))
                sent = reading;
            await ticks.WaitAsync(stoppingToken);
            await probe.SettleAsync(settings.Interval / 2, stoppingToken);
        }
    }

    /// <summary>Registers, again and again while the cluster does not answer.</summary>
    /// <returns>Whether the node is registered; false when the settings are refused.</returns>
    private async Task<bool> RegisterAsync(bool synthetic, CancellationToken stoppingToken)
    {
        var registration = new NodeRegistration
        {
            NodeId = settings.NodeId,
            CellId = settings.Cell,
            Zone = settings.Zone,
            Region = settings.Region,
            FailureDomain = settings.FailureDomain,
            Labels = synthetic ? new Dictionary<string, string> { ["synthetic"] = "true" } : [],
            Synthetic = synthetic,
        };
        while (true)
        {
            try
            {
                var errors = await sink.RegisterAsync(registration);
                if (errors.Count == 0)
                {
                    Answered();
                    return true;
                }

                LogRefused(settings.NodeId, string.Join("; ", errors.Select(error => $"{error.Field}: {error.Message}")));
                return false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(exception);
            }

            await Task.Delay(RegisterRetry, time, stoppingToken);
        }
    }

    private async Task<bool> PublishAsync(NodeTelemetry telemetry)
    {
        try
        {
            await sink.PublishAsync(telemetry);
            Answered();
            return true;
        }
        catch (Exception exception)
        {
            // The next batch replaces this one.
            Failed(exception);
            return false;
        }
    }

    private void Failed(Exception exception)
    {
        if (!_failing)
            LogFailed(settings.NodeId, exception.Message.ReplaceLineEndings(" "));
        _failing = true;
    }

    private void Answered()
    {
        if (_failing)
            LogAnswered(settings.NodeId);
        _failing = false;
    }

    private static HttpClient Client() => new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(5) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "The cluster refuses node {NodeId} as InferMesh:Probes describes it, nothing is reported: {Errors}")]
    private partial void LogRefused(string nodeId, string errors);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Readings of node {NodeId} do not reach the cluster, trying again: {Reason}")]
    private partial void LogFailed(string nodeId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Readings of node {NodeId} reach the cluster again.")]
    private partial void LogAnswered(string nodeId);
}
