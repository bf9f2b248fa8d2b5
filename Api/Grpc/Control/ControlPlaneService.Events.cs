using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using InferMesh.Api.Endpoints.Events;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Control.V1;
using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Api.Grpc.Control;

internal sealed partial class ControlPlaneService
{
    private const int EventPageSize = 500;
    private static readonly TimeSpan EventWait = TimeSpan.FromSeconds(2);

    [Needs(Permission.EventsRead)]
    public override async Task SubscribeEvents(SubscribeEventsRequest request, IServerStreamWriter<Event> responseStream, ServerCallContext context)
    {
        var violations = new Violations();
        foreach (var (i, type) in request.Types_.Index())
            violations.Require(EventFilter.KnownTypes.Contains(type), $"types[{i}]", $"must be one of {string.Join(", ", EventFilter.KnownTypes)}.");
        violations.Require(request.Since is null || IsTime(request.Since), "since", "must be a time from year 1 to 9999.");
        violations.Require(!request.HasAfter || request.After >= 0, "after", "must be 0 or more.");
        violations.ThrowIfAny();

        var caller = context.GetHttpContext().Caller();
        using var place = places.Open(caller);
        // The stream has no end of its own: without this the host would wait for its subscribers when it stops.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            // At once, so that the caller knows that it is subscribed, though nothing may happen for long.
            await context.WriteResponseHeadersAsync([]);
            await SendEventsAsync(request, responseStream, caller, stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Unavailable("This server stops: subscribe again with the id of the last event.");
        }
    }

    private async Task SendEventsAsync(SubscribeEventsRequest request, IServerStreamWriter<Event> responseStream, Caller caller, CancellationToken cancellationToken)
    {
        var filter = new EventFilter
        {
            Types = request.Types_.ToHashSet(StringComparer.Ordinal),
            Subject = request.Subject,
            Actor = request.Actor,
            Tenant = request.Tenant,
            Since = request.Since?.ToDateTimeOffset(),
        };
        var cursor = request.HasAfter ? request.After : -1;
        while (true)
        {
            var from = cursor;
            var page = await own.EventsAsync(caller, from, EventPageSize, EventWait, cancellationToken);
            caller.ThrowIfEnded(time.GetUtcNow());
            if (page.Truncated && from > 0)
            {
                var oldest = page.Events is [var first, ..] ? first.Id - 1 : page.Cursor;
                throw RpcErrors.Gone($"Events after {from} are no longer kept: subscribe with after = {oldest} to go on without them.", oldest);
            }
            foreach (var happened in page.Events.Where(filter.Matches)) await responseStream.WriteAsync(ToProto(happened), cancellationToken);
            cursor = page.Cursor;
        }
    }

    private static bool IsTime(Timestamp time) => time is { Seconds: >= -62_135_596_800 and <= 253_402_300_799, Nanos: >= 0 and <= 999_999_999 };

    private static Event ToProto(MeshEvent happened) => new()
    {
        Id = happened.Id,
        Type = happened.Type,
        Timestamp = Timestamp.FromDateTimeOffset(happened.At),
        SourceNode = happened.Subject,
        Data = { happened.Data.ToDictionary() },
        Actor = happened.Actor,
        Tenant = happened.Tenant,
        Reason = happened.Reason,
        VersionBefore = happened.VersionBefore,
        VersionAfter = happened.VersionAfter,
    };
}
