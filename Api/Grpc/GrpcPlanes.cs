using Grpc.AspNetCore.Server;
using InferMesh.Api.Calls;
using InferMesh.Api.Decisions;
using InferMesh.Api.Grpc.Control;
using InferMesh.Api.Grpc.Errors;
using InferMesh.Api.Grpc.Jobs;
using InferMesh.Api.Grpc.Scoring;
using InferMesh.Api.Grpc.State;
using InferMesh.Api.Topology;
using InferMesh.ServiceDefaults.Health;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ControlPlane = InferMesh.Control.V1.ControlPlane;
using JobPlane = InferMesh.Jobs.V1.JobPlane;
using ScoringPlane = InferMesh.Scoring.V1.Scoring;
using StatePlane = InferMesh.State.V1.StatePlane;
using StrategyRegistry = InferMesh.Control.V1.StrategyRegistry;

namespace InferMesh.Api.Grpc;

/// <summary>The gRPC services, with reflection and health.</summary>
internal static class GrpcPlanes
{
    // A report of all that one may list is well below it.
    private const int MaxMessageBytes = 4 << 20;

    /// <summary>Needs <see cref="Calls.GrainCalls"/>, the ingress, the security of the API and an Orleans client.</summary>
    public static IServiceCollection AddGrpcPlanes(this IServiceCollection services)
    {
        services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaxMessageBytes;
            options.Interceptors.Add<ErrorInterceptor>();
            options.Interceptors.Add<AuditSubjects>();
            options.Interceptors.Add<NodeBinding>();
        });
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(options =>
        {
            foreach (var service in new[] { "", ControlPlane.Descriptor.FullName, StatePlane.Descriptor.FullName, JobPlane.Descriptor.FullName, ScoringPlane.Descriptor.FullName, StrategyRegistry.Descriptor.FullName })
                options.Services.Map(service, check => check.Tags.Contains(HealthTags.Ready));
        });
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<FleetReader>();
        services.TryAddSingleton<ITelemetryPublisher, StreamTelemetryPublisher>();
        services.AddSingleton<ReportMetrics>();
        services.AddSingleton<ReportSessions>();
        services.AddSingleton<ReportReader>();
        services.AddSingleton<JobLease>();
        services.TryAddSingleton<ApiLocation>();
        services.TryAddSingleton<DecisionLog>();
        return services;
    }

    public static IEndpointRouteBuilder MapGrpcPlanes(this IEndpointRouteBuilder app)
    {
        var planes = app.MapGrpcGroup();
        planes.MapGrpcService<ControlPlaneService>();
        planes.MapGrpcService<StrategyRegistryService>();
        planes.MapGrpcService<StatePlaneService>();
        planes.MapGrpcService<JobPlaneService>();
        planes.MapGrpcService<ScoringService>();
        // What the API can do, and that it does, is no secret.
        app.MapGroup("").AllowAnonymous().MapGrpcReflectionService();
        app.MapGroup("").AllowAnonymous().MapGrpcHealthChecksService();
        return app;
    }

    /// <summary>A group in which what gRPC answers to calls that no service has, which is that there is none, is open to everybody.</summary>
    internal static RouteGroupBuilder MapGrpcGroup(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("");
        ((IEndpointConventionBuilder)group).Finally(static endpoint =>
        {
            if (!endpoint.Metadata.OfType<GrpcMethodMetadata>().Any()) endpoint.Metadata.Add(new AllowAnonymousAttribute());
        });
        return group;
    }
}
