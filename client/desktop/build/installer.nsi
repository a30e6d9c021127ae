; The installer for Windows, for one user, by Debian's makensis: scripts/package.mjs gives VERSION, SOURCE and OUTPUT.
Unicode true
Target amd64-unicode
!include MUI2.nsh

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Vestnik"
!define LINK "Software\Classes\vestnik"

Name "Vestnik"
OutFile "${OUTPUT}"
; not for the user to choose: uninstalling removes the whole folder
InstallDir "$LOCALAPPDATA\Programs\Vestnik"
RequestExecutionLevel user
SetCompressor zlib
!define MUI_ICON "icon.ico"
!define MUI_UNICON "icon.ico"
!define MUI_FINISHPAGE_RUN "$INSTDIR\Vestnik.exe"
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_CONFIRM
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "Russian"
!insertmacro MUI_LANGUAGE "English"

Section
  SetOutPath "$INSTDIR"
  File /r "${SOURCE}/*"
  WriteUninstaller "$INSTDIR\Uninstall.exe"
  CreateShortcut "$SMPROGRAMS\Vestnik.lnk" "$INSTDIR\Vestnik.exe"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Vestnik"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "The Vestnik authors"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\Vestnik.exe"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\Uninstall.exe"'
  WriteRegStr HKCU "${LINK}" "" "URL:Vestnik"
  WriteRegStr HKCU "${LINK}" "URL Protocol" ""
  WriteRegStr HKCU "${LINK}\shell\open\command" "" '"$INSTDIR\Vestnik.exe" "%1"'
SectionEnd

; What the user wrote and received (%APPDATA%\Vestnik) stays.
Section "Uninstall"
  Delete "$SMPROGRAMS\Vestnik.lnk"
  RMDir /r "$INSTDIR"
  DeleteRegKey HKCU "${UNINSTALL}"
  DeleteRegKey HKCU "${LINK}"
SectionEnd
