extern alias api;

using System.Collections.Concurrent;
using System.Net;
using api::InferMesh.State.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace InferMesh.Tests.Unit.Cli.Agent;

/// <summary>A state plane on a loopback port that can be stopped and started again there, and told to refuse or to stay silent.</summary>
internal sealed class StatePlaneServer : IAsyncDisposable
{
    private WebApplication? _app;
    private int _openStreams;
    private volatile TaskCompletionSource _assigned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _jobsChanged = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Port { get; private set; }

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public ConcurrentQueue<RegisterNodeRequest> Registrations { get; } = new();

    public ConcurrentQueue<NodeReport> Reports { get; } = new();

    /// <summary>Requests for assignments.</summary>
    public ConcurrentQueue<WatchAssignmentsRequest> Watches { get; } = new();

    /// <summary>Results of commands.</summary>
    public ConcurrentQueue<CommandResult> Results { get; } = new();

    /// <summary>What every watcher is told now and at each change.</summary>
    public NodeAssignment Assignment { get; private set; } = new();

    /// <summary>Requests that measured the way here.</summary>
    public ConcurrentQueue<PingRequest> Pings { get; } = new();

    /// <summary>What answers a measurement; null when this is an API from before there were any.</summary>
    public Func<PingResponse>? Place { get; set; }

    /// <summary>Requests for jobs.</summary>
    public ConcurrentQueue<PollJobsRequest> Polls { get; } = new();

    /// <summary>What ranks did, as it was taken.</summary>
    public ConcurrentQueue<ReportJobRequest> JobReports { get; } = new();

    /// <summary>Status that answers a report of a job; null takes it.</summary>
    public Func<ReportJobRequest, RpcException?> JobRefusal { get; set; } = _ => null;

    /// <summary>Lease of nodes.</summary>
    public double LeaseSeconds { get; set; } = 60;

    /// <summary>How long a poll is held when nothing changes.</summary>
    public TimeSpan PollHold { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>What every agent has to do for jobs, in place of what it had.</summary>
    public PollJobsResponse Jobs { get; private set; } = new();

    public int OpenStreams => Volatile.Read(ref _openStreams);

    /// <summary>Whether reports are acknowledged.</summary>
    public bool Acknowledges { get; set; } = true;

    /// <summary>Status that answers a registration; null accepts it.</summary>
    public Func<RpcException?> Refusal { get; set; } = () => null;

    public static async Task<StatePlaneServer> StartAsync()
    {
        var server = new StatePlaneServer();
        await server.UpAsync();
        return server;
    }

    /// <summary>Starts on the port that it had before.</summary>
    public async Task UpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        ListenOptions? listener = null;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, Port, listen => (listener, listen.Protocols) = (listen, HttpProtocols.Http2)));
        _app = builder.Build();
        _app.MapGrpcService<Service>();
        await _app.StartAsync();
        Port = ((IPEndPoint)listener!.EndPoint).Port;
    }

    public void Assign(params RuntimeCommand[] commands)
    {
        Assignment = new() { Version = Assignment.Version + 1, Commands = { commands } };
        Interlocked.Exchange(ref _assigned, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public void AssignJobs(params JobAssignment[] assignments)
    {
        Jobs = new() { Changed = true, Version = Jobs.Version + 1, Assignments = { assignments } };
        Interlocked.Exchange(ref _jobsChanged, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public async Task DownAsync()
    {
        if (_app is not { } app)
            return;
        _app = null;
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    public ValueTask DisposeAsync() => new(DownAsync());

    public static RpcException BadFields(params (string Field, string Message)[] fields)
    {
        var details = new BadRequest();
        details.FieldViolations.AddRange(fields.Select(field => new BadRequest.Types.FieldViolation { Field = field.Field, Description = field.Message }));
        var status = new Google.Rpc.Status { Code = (int)StatusCode.InvalidArgument, Message = "bad fields", Details = { Any.Pack(details) } };
        return new RpcException(new Grpc.Core.Status(StatusCode.InvalidArgument, "bad fields"), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } });
    }

    private sealed class Service(StatePlaneServer server) : StatePlane.StatePlaneBase
    {
        public override Task<RegisterNodeResponse> RegisterNode(RegisterNodeRequest request, ServerCallContext context)
        {
            server.Registrations.Enqueue(request);
            return server.Refusal() is { } refusal ? throw refusal : Task.FromResult(new RegisterNodeResponse { Version = server.Registrations.Count });
        }

        public override Task<PingResponse> Ping(PingRequest request, ServerCallContext context)
        {
            server.Pings.Enqueue(request);
            return server.Place is { } place ? Task.FromResult(place()) : throw new RpcException(new Grpc.Core.Status(StatusCode.Unimplemented, "older"));
        }

        public override async Task WatchAssignments(WatchAssignmentsRequest request, IServerStreamWriter<NodeAssignment> stream, ServerCallContext context)
        {
            server.Watches.Enqueue(request);
            for (var version = request.Version; ;)
            {
                var changed = server._assigned.Task;
                if (server.Assignment.Version != version) await stream.WriteAsync(server.Assignment);
                version = server.Assignment.Version;
                await changed.WaitAsync(context.CancellationToken);
            }
        }

        public override Task<ReportAssignmentResponse> ReportAssignment(ReportAssignmentRequest request, ServerCallContext context)
        {
            foreach (var result in request.Results) server.Results.Enqueue(result);
            return Task.FromResult(new ReportAssignmentResponse());
        }

        public override async Task<PollJobsResponse> PollJobs(PollJobsRequest request, ServerCallContext context)
        {
            server.Polls.Enqueue(request);
            var changed = server._jobsChanged.Task;
            if (server.Jobs.Version == request.Version) await Task.WhenAny(changed, Task.Delay(server.PollHold, context.CancellationToken));
            context.CancellationToken.ThrowIfCancellationRequested();
            return server.Jobs.Version == request.Version ? new() { LeaseSeconds = server.LeaseSeconds } : new(server.Jobs) { LeaseSeconds = server.LeaseSeconds };
        }

        public override Task<ReportJobResponse> ReportJob(ReportJobRequest request, ServerCallContext context)
        {
            if (server.JobRefusal(request) is { } refusal) throw refusal;
            server.JobReports.Enqueue(request);
            return Task.FromResult(new ReportJobResponse());
        }

        public override async Task ReportNode(IAsyncStreamReader<NodeReport> reports, IServerStreamWriter<ReportAck> acks, ServerCallContext context)
        {
            Interlocked.Increment(ref server._openStreams);
            try
            {
                while (await reports.MoveNext(context.CancellationToken))
                {
                    var report = reports.Current;
                    server.Reports.Enqueue(report);
                    if (server.Acknowledges)
                        await acks.WriteAsync(new ReportAck { Epoch = report.Epoch, Sequence = report.Sequence });
                }
            }
            finally
            {
                Interlocked.Decrement(ref server._openStreams);
            }
        }
    }
}
