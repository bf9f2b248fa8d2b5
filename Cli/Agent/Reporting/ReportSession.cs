using System.Globalization;
using Grpc.Core;
using InferMesh.Adapters.Probing;
using InferMesh.State.V1;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>One registration and one stream of reports, until either end gives up.</summary>
internal sealed class ReportSession(NodeReporter node, StatePlaneTarget target, ReporterOptions options, TimeProvider time)
{
    private NodeReading? _sent;
    private RegisterNodeRequest? _registered;
    private volatile bool _streaming;

    /// <summary>Runs until cancelled or broken; never throws for what a network or a server does.</summary>
    /// <exception cref="RegistrationRejectedException">The mesh refuses the node.</exception>
    public async Task<SessionEnd> RunAsync(CancellationToken cancellationToken)
    {
        using var acks = new AckTracker(time, options.AckLimit, node.Rtt);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(acks.Overdue);
        // A stop lets an open stream end well, but not for long.
        await using var stop = cancellationToken.UnsafeRegister(_ => abort.CancelAfter(_streaming ? options.StopLimit : TimeSpan.Zero), null);
        try
        {
            await RegisterAsync(abort.Token);
            using var call = target.Client.ReportNode(cancellationToken: abort.Token);
            _streaming = true;
            await ExchangeAsync(call, acks, abort, cancellationToken);
            return new SessionEnd("the API ended the stream", acks.Acks > 0);
        }
        catch (RpcException exception)
        {
            return new SessionEnd(acks.Overdue.IsCancellationRequested ? Overdue() : Describe(exception), acks.Acks > 0);
        }
        catch (OperationCanceledException)
        {
            return new SessionEnd(acks.Overdue.IsCancellationRequested ? Overdue() : "stopped", acks.Acks > 0);
        }
    }

    private async Task ExchangeAsync(
        AsyncDuplexStreamingCall<NodeReport, ReportAck> call, AckTracker acks, CancellationTokenSource abort, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var reading = ReadAcksAsync(call.ResponseStream, acks, ended);
        try
        {
            await SendAsync(call.RequestStream, acks, abort.Token, ended.Token);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // A failed write says only that the call broke; the call itself says why.
        }
        finally
        {
            await Task.WhenAny(reading, Task.Delay(options.StopLimit, time, CancellationToken.None));
            if (!reading.IsCompleted)
                await abort.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await reading;
    }

    private async Task SendAsync(IClientStreamWriter<NodeReport> stream, AckTracker acks, CancellationToken abort, CancellationToken ended)
    {
        var ticks = node.Probe.Ticks(options.Interval);
        while (!ended.IsCancellationRequested)
        {
            if (!options.Silent() && await NextAsync(abort) is { } report)
            {
                acks.Sent(report.Sequence);
                await stream.WriteAsync(report, abort);
            }

            await ticks.WaitAsync(ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await node.Probe.SettleAsync(options.Interval / 2, ended);
        }

        await stream.CompleteAsync();
    }

    /// <summary>The newest readings; null while there are none.</summary>
    private async ValueTask<NodeReport?> NextAsync(CancellationToken abort)
    {
        var reading = node.Probe.Current();
        node.Observe(reading);
        if (reading.IsEmpty)
            return null;
        // A runtime that was down at the start may turn out to be an imitation.
        if (node.Synthetic && _registered is { Synthetic: false })
            await RegisterAsync(abort);
        var news = reading.Since(_sent);
        _sent = reading;
        var report = ReportMapping.ToReport(node.Id, options.Epoch, node.NextSequence(), news, node.Location.RttMs(target) ?? node.Rtt.MinMs, time);
        node.Location.WriteTo(report);
        return report;
    }

    private async Task RegisterAsync(CancellationToken abort)
    {
        var request = node.Registration();
        try
        {
            await target.Client.RegisterNodeAsync(request, deadline: DateTime.UtcNow + options.RegisterLimit, cancellationToken: abort);
            _registered = request;
        }
        catch (RpcException exception) when (exception.StatusCode == StatusCode.InvalidArgument)
        {
            throw RegistrationRejectedException.From(node.Id, exception);
        }
    }

    private async Task ReadAcksAsync(IAsyncStreamReader<ReportAck> stream, AckTracker acks, CancellationTokenSource ended)
    {
        try
        {
            while (await stream.MoveNext(CancellationToken.None))
            {
                acks.Acked(stream.Current.Sequence);
                node.Acknowledged(target.Address);
            }
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private string Overdue() => string.Create(CultureInfo.InvariantCulture, $"no acknowledgement for {options.AckLimit.TotalSeconds:0.#} s");

    private static string Describe(RpcException exception) =>
        $"{exception.StatusCode}: {exception.Status.Detail.ReplaceLineEndings(" ")}";
}
