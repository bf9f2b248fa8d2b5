using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Security.Access;
using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

internal sealed partial class JobPlaneService
{
    private static readonly TimeSpan WatchPoll = TimeSpan.FromSeconds(5);

    [Needs(Permission.JobsRead)]
    public override async Task WatchJob(WatchJobRequest request, IServerStreamWriter<Job> responseStream, ServerCallContext context)
    {
        var caller = context.GetHttpContext().Caller();
        using var place = places.Open(caller);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var job = await ReadJobAsync(request.JobId, context);
            for (var sent = request.Version; ;)
            {
                caller.ThrowIfEnded(time.GetUtcNow());
                if (job.Version != sent)
                {
                    await responseStream.WriteAsync(JobMapper.ToProto(job), stop.Token);
                    sent = job.Version;
                }
                if (job.State.IsTerminal()) return;
                job = await own.NewerAsync(caller, request.JobId, sent, WatchPoll, stop.Token) ?? job;
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Unavailable("This server stops: call again with the version of the last message.");
        }
    }
}
