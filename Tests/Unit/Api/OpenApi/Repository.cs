namespace InferMesh.Tests.Unit.Api.OpenApi;

/// <summary>Files of the repository, found from where the tests run.</summary>
internal static class Repository
{
    public static string PathOf(params string[] parts)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "InferMesh.sln"))) return Path.Combine([folder.FullName, .. parts]);
        }
        throw new DirectoryNotFoundException("InferMesh.sln is in no folder above the tests.");
    }
}
