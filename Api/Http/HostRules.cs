using InferMesh.Api.Options;
using InferMesh.Api.Problems;

namespace InferMesh.Api.Http;

/// <summary>Refuses requests for host names that are not this API's. Probes come by address and ask about nothing else.</summary>
internal static class HostRules
{
    public static void UseHostRules(this IApplicationBuilder app, HttpSettings settings)
    {
        if (settings.AllowedHosts.Count == 0) return;
        app.Use(next => context => context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal) || settings.AllowedHosts.Any(host => IsOf(host, context.Request.Host.Host)) ? next(context) : RefuseAsync(context));
    }

    private static bool IsOf(string allowed, string host) => allowed.StartsWith('.')
        ? host.EndsWith(allowed, StringComparison.OrdinalIgnoreCase)
        : host.Equals(allowed, StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext context) => ProblemWriter.WriteAsync(
        context, Problem.Of(StatusCodes.Status421MisdirectedRequest, "misdirected", "Another host is meant", $"This API is not the host that the request names; {HttpSettings.Section}:{nameof(HttpSettings.AllowedHosts)} has those that it is."));
}
