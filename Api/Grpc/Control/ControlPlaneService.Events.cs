using System.Collections.Frozen;
using System.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    private const int EventPageSize = 500;
    private static readonly TimeSpan EventWait = TimeSpan.FromSeconds(2);

    private static readonly FrozenSet<string> KnownEventTypes =
        typeof(EventTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!).ToFrozenSet(StringComparer.Ordinal);

    public override async Task SubscribeEvents(SubscribeEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        var violations = new Violations();
        foreach (var (i, type) in request.Types_.Index())
            violations.Require(KnownEventTypes.Contains(type), $"types[{i}]", $"must be one of {string.Join(", ", KnownEventTypes.Order(StringComparer.Ordinal))}.");
        violations.Require(!request.HasAfter || request.After >= 0, "after", "must be 0 or more.");
        violations.ThrowIfAny();

        // The stream has no end of its own: without this the host would wait for its subscribers when it stops.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await SendEventsAsync(request, responseStream, stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Unavailable("This server stops: subscribe again with the id of the last event.");
        }
    }

    private async Task SendEventsAsync(SubscribeEventsRequest request, IServerStreamWriter<Event> responseStream, CancellationToken cancellationToken)
    {
        var types = request.Types_.ToHashSet(StringComparer.Ordinal);
        var cursor = request.HasAfter ? request.After : -1;
        while (true)
        {
            var from = cursor;
            var page = await calls.RetryAsync(grains => grains.GetGrain<IEventLogGrain>(IEventLogGrain.Key).ReadAfter(from, EventPageSize, EventWait), cancellationToken);
            if (page.Truncated && from > 0)
            {
                var oldest = page.Events is [var first, ..] ? first.Id - 1 : page.Cursor;
                throw RpcErrors.Gone($"Events after {from} are no longer kept: subscribe with after = {oldest} to go on without them.", oldest);
            }
            foreach (var happened in page.Events.Where(e => types.Count == 0 || types.Contains(e.Type))) await responseStream.WriteAsync(ToProto(happened), cancellationToken);
            cursor = page.Cursor;
        }
    }

    private static Event ToProto(MeshEvent happened) => new()
    {
        Id = happened.Id,
        Type = happened.Type,
        Timestamp = Timestamp.FromDateTimeOffset(happened.At),
        SourceNode = happened.Subject,
        Data = { happened.Data.ToDictionary() },
        Actor = happened.Actor,
    };
}
