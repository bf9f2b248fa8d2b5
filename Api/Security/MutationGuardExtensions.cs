using InferMesh.Api.Problems;

namespace InferMesh.Api.Security;

/// <summary>Mark of an endpoint that changes the mesh.</summary>
internal sealed class ChangesMesh;

internal static class MutationGuardExtensions
{
    public static IServiceCollection AddMeshSecurity(this IServiceCollection services) => services.AddSingleton<IMutationGuard, MutationGuard>();


    /// <summary>Asks the guard before the body is read: a stranger's input is not even looked at.</summary>
    public static void UseMutationGuard(this WebApplication app)
    {
        var guard = app.Services.GetRequiredService<IMutationGuard>();
        app.Use(next => context =>
            context.GetEndpoint()?.Metadata.GetMetadata<ChangesMesh>() is not null && !guard.Allowed(context, out var problem)
                ? ProblemWriter.WriteAsync(context, problem)
                : next(context));
    }
}
