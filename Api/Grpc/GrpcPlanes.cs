using InferMesh.Api.Calls;
using InferMesh.Api.Grpc.Control;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Grpc.Jobs;
using InferMesh.Api.Grpc.Scoring;
using InferMesh.Api.Grpc.State;
using InferMesh.Api.Topology;
using InferMesh.ServiceDefaults.Health;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ControlPlane = InferMesh.Control.V1.ControlPlane;
using JobPlane = InferMesh.Jobs.V1.JobPlane;
using ScoringPlane = InferMesh.Scoring.V1.Scoring;
using StatePlane = InferMesh.State.V1.StatePlane;

namespace InferMesh.Api.Grpc;

/// <summary>The four gRPC services, with reflection and health.</summary>
internal static class GrpcPlanes
{
    /// <summary>Needs <see cref="Calls.GrainCalls"/>, the ingress, the mutation guard and an Orleans client.</summary>
    public static IServiceCollection AddGrpcPlanes(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            options.Interceptors.Add<ErrorInterceptor>();
            options.Interceptors.Add<MutationInterceptor>();
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(options =>
        {
            foreach (var service in new[] { "", ControlPlane.Descriptor.FullName, StatePlane.Descriptor.FullName, JobPlane.Descriptor.FullName, ScoringPlane.Descriptor.FullName })
                options.Services.Map(service, check => check.Tags.Contains(HealthTags.Ready));
        });
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<FleetReader>();
        services.TryAddSingleton<ITelemetryPublisher, StreamTelemetryPublisher>();
        services.AddSingleton<ReportMetrics>();
        services.AddSingleton<JobLease>();
        services.TryAddSingleton<ApiLocation>();
        return services;
    }

    public static IEndpointRouteBuilder MapGrpcPlanes(this IEndpointRouteBuilder app)
    {
        app.MapGrpcService<ControlPlaneService>();
        app.MapGrpcService<StatePlaneService>();
        app.MapGrpcService<JobPlaneService>();
        app.MapGrpcService<ScoringService>();
        app.MapGrpcReflectionService();
        app.MapGrpcHealthChecksService();
        return app;
    }
}
