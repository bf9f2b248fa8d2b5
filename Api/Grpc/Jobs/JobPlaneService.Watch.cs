using Grpc.Core;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Grains.Abstractions.Jobs;
using InferMesh.Jobs.V1;

namespace InferMesh.Api.Grpc.Jobs;

internal sealed partial class JobPlaneService
{
    private static readonly TimeSpan WatchPoll = TimeSpan.FromSeconds(5);

    public override async Task WatchJob(WatchJobRequest request, IServerStreamWriter<Job> responseStream, ServerCallContext context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            var job = await ReadJobAsync(request.JobId, stop.Token);
            for (var sent = request.Version; ;)
            {
                if (job.Version != sent)
                {
                    await responseStream.WriteAsync(JobMapper.ToProto(job), stop.Token);
                    sent = job.Version;
                }
                if (job.State.IsTerminal()) return;
                job = await calls.RetryAsync(grains => grains.GetGrain<IJobGrain>(request.JobId).WaitForChange(sent, WatchPoll), stop.Token) ?? job;
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            throw RpcErrors.Unavailable("This server stops: call again with the version of the last message.");
        }
    }
}
