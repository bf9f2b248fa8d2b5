using InferMesh.Api.Calls;
using InferMesh.Api.Endpoints.Decisions;
using InferMesh.Api.Endpoints.Events;
using InferMesh.Api.Endpoints.Experiments;
using InferMesh.Api.Endpoints.Fleet;
using InferMesh.Api.Endpoints.Jobs;
using InferMesh.Api.Endpoints.ModelEndpoints;
using InferMesh.Api.Endpoints.Models;
using InferMesh.Api.Endpoints.Nodes;
using InferMesh.Api.Endpoints.Objects;
using InferMesh.Api.Endpoints.Plugins;
using InferMesh.Api.Endpoints.Policies;
using InferMesh.Api.Endpoints.Routing;
using InferMesh.Api.Endpoints.Security;
using InferMesh.Api.Endpoints.Tenants;
using InferMesh.Api.Endpoints.Topology;
using InferMesh.Api.Http;
using InferMesh.Api.Topology;
using Microsoft.AspNetCore.Mvc;

namespace InferMesh.Api.Endpoints;

/// <summary>The REST control plane.</summary>
internal static class ApiV1
{
    public const string Prefix = "/api/v1";
    private const long MaxBodyBytes = 1 << 20;

    public static string NodePath(string id) => $"{Prefix}/nodes/{id}";

    public static string PolicyPath(string name) => $"{Prefix}/policies/{name}";

    public static string StrategyPath(string name) => $"{Prefix}/strategies/{name}";

    public static string ExperimentPath(string name) => $"{Prefix}/experiments/{name}";

    public static string EndpointPath(string name) => $"{Prefix}/endpoints/{name}";

    public static string ModelPath(string name) => $"{Prefix}/models/{string.Join('/', name.Split('/').Select(Uri.EscapeDataString))}";

    public static string TenantPath(string name) => $"{Prefix}/tenants/{name}";

    public static string JobPath(string id) => $"{Prefix}/jobs/{id}";

    public static IServiceCollection AddApiEndpoints(this IServiceCollection services) => services
        .AddSingleton<FleetReader>()
        .AddSingleton<ModelReader>()
        .AddSingleton<JobAccess>()
        .AddSingleton<ApiLocation>()
        .AddHostedService<ApiAnnouncer>()
        .AddSingleton<EventStreams>()
        .AddSingleton<JobEventStreams>()
        .AddSingleton<FleetStreams>()
        .AddObjects();

    public static void MapApiV1(this WebApplication app)
    {
        var v1 = app.MapGroup(Prefix)
            .AddEndpointFilter<InputFilter>()
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        v1.MapNodeReads();
        v1.MapNodeCommands();
        v1.MapCells();
        v1.MapFleet();
        v1.MapStats();
        v1.MapModels();
        v1.MapPolicyReads();
        v1.MapPolicyWrites();
        v1.MapPolicyTrials();
        v1.MapStrategyReads();
        v1.MapStrategyWrites();
        v1.MapStrategyTrials();
        v1.MapExperimentReads();
        v1.MapExperimentWrites();
        v1.MapEndpointReads();
        v1.MapEndpointWrites();
        v1.MapEndpointChecks();
        v1.MapTenants();
        v1.MapJobReads();
        v1.MapJobSubmission();
        v1.MapJobCommands();
        v1.MapJobEvents();
        v1.MapRouting();
        v1.MapDecisions();
        v1.MapTopology();
        v1.MapCellLinks();
        v1.MapEvents();
        v1.MapKeys();
        v1.MapWhoAmI();
        v1.MapObjects();
        v1.MapBackup();
    }
}
